/** A few places of a JSON text tell where its weight may be, before all of it is looked at. */

/** The places, as shares of the text, and how far each is looked at (bytes): no end of a long string is near most of them. */
const PLACES = [1 / 4, 1 / 2, 3 / 4] as const;
const PLACE_LENGTH = 512;

const QUOTE = 0x22;
const COMMA = 0x2c;
const NINE = 0x39;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;

/** Whether less than two of the places of `bytes[start, end)` are as `is` says. */
function areFew(bytes: Uint8Array, start: number, end: number, is: (place: Uint8Array) => boolean): boolean {
  let count = 0;
  for (const share of PLACES) {
    const at = start + Math.floor((end - start) * share);
    if (is(bytes.subarray(at, Math.min(at + PLACE_LENGTH, end)))) count++;
  }
  return count < 2;
}

function hasEnd(place: Uint8Array): boolean {
  const quote = place.indexOf(QUOTE);
  return quote >= 0 && place[quote - 1] !== BACKSLASH;
}

const hasText = (place: Uint8Array): boolean => [QUOTE, BACKSLASH, COMMA, CLOSE_BRACKET].some((byte) => place.includes(byte));

/** Whether there is nothing in it but what numbers and the space between them are made of. */
function isNumbers(place: Uint8Array): boolean {
  for (const byte of place) if (byte > NINE && byte !== LOWER_E && byte !== UPPER_E && byte !== OPEN_BRACKET && byte !== CLOSE_BRACKET) return false;
  return true;
}

/** Whether the text may be long strings for the most part; most texts of many small values are not. */
export function mayBeLong(bytes: Uint8Array, start: number, end: number): boolean {
  return areFew(bytes, start, end, (place) => hasEnd(place) || isNumbers(place));
}

/** As {@link mayBeLong}, strings of base64 or the like: what has no escapes, and isn't a list of numbers either. */
export function mayBeEncoded(bytes: Uint8Array, start: number, end: number): boolean {
  return areFew(bytes, start, end, hasText);
}
