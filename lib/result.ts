// What a station hands on: a value, or the failure that ends the journey.
// Stands beside every station; knows nothing of what a failure is.

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Err<E> = { readonly ok: false; readonly failure: E };
export type Result<T, E> = Ok<T> | Err<E>;

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });
export const err = <E>(failure: E): Err<E> => ({ ok: false, failure });
