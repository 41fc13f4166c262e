// One letter case for names. ASCII only: Unicode case folding would let a Kelvin sign pass for a k.

export const fold = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
