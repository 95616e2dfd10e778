/**
 * Colours of targets, light enough for dark text on them and for a dark surface under them, and told apart by people with any of the
 * common kinds of colour blindness: Okabe and Ito's set ("Color Universal Design", 2008), lightened where it was dark.
 */
export const PALETTE = [
  '#56b4e9',
  '#e69f00',
  '#00c08b',
  '#f5ec5a',
  '#ff7f66',
  '#e3a8d8',
  '#8f9dff',
  '#ffffff',
] as const;

/** Gives each target a colour: the first that no other present target has, and the same one for as long as it is there. */
export class Colours {
  readonly #places = new Map<string, number>();

  of(id: string): string {
    let place = this.#places.get(id);
    if (place === undefined) {
      const taken = new Set(this.#places.values());
      place = 0;
      while (taken.has(place)) place++;
      this.#places.set(id, place);
    }
    return PALETTE[place % PALETTE.length];
  }

  release(id: string): void {
    this.#places.delete(id);
  }
}
