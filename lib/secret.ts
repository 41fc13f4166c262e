// A text that must not be seen: it prints itself as [secret] wherever something prints it by accident
// (JSON, console, template, Error). Only `reveal` opens it: called for Graph, for the answer and for
// checking signatures, nowhere else.

const hidden = '[secret]';
const texts = new WeakMap<Secret, string>();

export interface Secret {
  toString(): string;
  toJSON(): string;
}

const face = {
  toString: () => hidden,
  toJSON: () => hidden,
  [Symbol.for('nodejs.util.inspect.custom')]: () => hidden,
};

/** Wraps a text; the wrapper holds no property through which it could leak. */
export function secret(text: string): Secret {
  const wrapped: Secret = Object.freeze(Object.create(face));
  texts.set(wrapped, text);
  return wrapped;
}

/** The text itself. A wrapper that did not come from `secret` is a bug. */
export function reveal(wrapped: Secret): string {
  const text = texts.get(wrapped);
  if (text === undefined) throw new Error('Not a secret of this process.');
  return text;
}
