/** The changelog, kept by hand in the form of Keep a Changelog: what a release does to it. Pure text in, text out. */

const UNRELEASED = /^## \[Unreleased\][ \t]*$/m;
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

const headingOf = (version) => new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}[ \\t]*$`, 'm');

/** The text below the heading that `pattern` matches, up to the next release; undefined where there is no such heading. */
function sectionAt(changelog, pattern) {
  const heading = pattern.exec(changelog);
  if (heading === null) return undefined;
  const rest = changelog.slice(heading.index + heading[0].length);
  const next = rest.search(/^## \[/m);
  return (next < 0 ? rest : rest.slice(0, next)).trim();
}

/** What the changelog says of a version: the notes of its release. Undefined where it has no dated entry for it. */
export function entryOf(changelog, version) {
  return sectionAt(changelog, headingOf(version));
}

/**
 * Moves what is under Unreleased to a dated heading of its own, and leaves Unreleased empty.
 *
 * @param {string} changelog the whole file
 * @param {string} version `1.2.3`, or with a suffix `1.2.3-rc.1`
 * @param {string} date `YYYY-MM-DD`
 * @returns {string} the new file
 * @throws Error for a malformed version or date, one that has an entry already, and for nothing to release
 */
export function moveUnreleased(changelog, version, date) {
  if (!VERSION.test(version)) throw new Error(`${version} is no version such as 1.2.3`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error(`${date} is no date such as 2026-01-31`);
  if (headingOf(version).test(changelog)) throw new Error(`the changelog has an entry for ${version} already`);
  const notes = sectionAt(changelog, UNRELEASED);
  if (notes === undefined) throw new Error('the changelog has no heading "## [Unreleased]"');
  // Headings such as "### Added" with nothing below them tell of no change.
  if (!/^[ \t]*[-*] /m.test(notes)) throw new Error('nothing is listed under Unreleased');
  return changelog.replace(UNRELEASED, () => `## [Unreleased]\n\n## [${version}] - ${date}`);
}
