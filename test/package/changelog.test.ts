import { describe, expect, it } from 'vitest';
import { entryOf, moveUnreleased } from '../../release/changelog.mjs';

const HEAD = '# Changelog\n\nThe format follows Keep a Changelog.\n';
const NOTES = '### Added\n\n- A thing with $& and `$1` in it.\n\n### Fixed\n\n- Another.';
const OLD = '## [0.1.0] - 2026-01-02\n\n### Added\n\n- All of it.\n';
const changelog = `${HEAD}\n## [Unreleased]\n\n${NOTES}\n\n${OLD}`;

describe('moving what is unreleased', () => {
  it('gives it to the version, leaves Unreleased empty, and touches nothing else', () => {
    const moved = moveUnreleased(changelog, '0.2.0', '2026-02-03');
    expect(moved).toBe(`${HEAD}\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n${NOTES}\n\n${OLD}`);
    expect(entryOf(moved, '0.2.0')).toBe(NOTES);
    expect(entryOf(moved, '0.1.0')).toBe('### Added\n\n- All of it.');
  });

  it('works for the first release and for one with a suffix', () => {
    const moved = moveUnreleased(`${HEAD}\n## [Unreleased]\n\n${NOTES}\n`, '1.0.0-rc.1', '2026-02-03');
    expect(entryOf(moved, '1.0.0-rc.1')).toBe(NOTES);
    expect(entryOf(moved, '1.0.0')).toBeUndefined();
  });

  it.each([
    ['nothing listed', `${HEAD}\n## [Unreleased]\n\n### Added\n\n${OLD}`, '0.2.0', '2026-02-03', /nothing is listed/],
    ['nothing at all', `${HEAD}\n## [Unreleased]\n\n${OLD}`, '0.2.0', '2026-02-03', /nothing is listed/],
    ['no such heading', `${HEAD}\n${OLD}`, '0.2.0', '2026-02-03', /no heading/],
    ['an entry for the version', changelog, '0.1.0', '2026-02-03', /already/],
    ['a malformed version', changelog, 'v0.2', '2026-02-03', /no version/],
    ['a malformed date', changelog, '0.2.0', '3 Feb', /no date/],
  ])('refuses %s', (_name, text, version, date, message) => {
    expect(() => moveUnreleased(text, version, date)).toThrow(message);
  });

  it('cannot be done twice', () => {
    const moved = moveUnreleased(changelog, '0.2.0', '2026-02-03');
    expect(() => moveUnreleased(moved, '0.3.0', '2026-02-04')).toThrow(/nothing is listed/);
  });
});

describe('the entry of a version', () => {
  it('is that version alone: dots are dots', () => {
    expect(entryOf(changelog, '0.1.0')).toBeDefined();
    expect(entryOf(changelog.replace('[0.1.0]', '[0x1.0]'), '0.1.0')).toBeUndefined();
    expect(entryOf(changelog.replace(' - 2026-01-02', ''), '0.1.0')).toBeUndefined();
  });
});
