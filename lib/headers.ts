// What the journey needs of the platform's headers: null where there is none, names in any letter case.

export interface Headers {
  get(name: string): string | null;
}
