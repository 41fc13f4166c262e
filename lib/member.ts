// Looks into something of unknown shape, at every border where data comes in.

/** The own member of that name, or undefined: never a method of a prototype. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
