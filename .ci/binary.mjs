/**
 * Checks what a compiled addon asks of the system that it is to run on.
 * Usage: node .ci/binary.mjs FILE ...    needs readelf for Linux, objdump for Windows, otool for macOS
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** What may be linked: the C library, the C++ library that Node.js itself brings along, and parts of the system. */
const LIBRARIES = {
  elf: /^(libc\.so\.6|libm\.so\.6|libstdc\+\+\.so\.6|libgcc_s\.so\.1|ld-linux-(x86-64|aarch64)\.so\.\d|libc\.musl-\w+\.so\.1)$/,
  pe: /^(node\.exe|kernel32\.dll|msvcrt\.dll|ucrtbase\.dll|api-ms-win-crt-[\w-]+\.dll|vcruntime140(_1)?\.dll|msvcp140\.dll)$/i,
  macho: /^(\/usr\/lib\/libc\+\+\.1\.dylib|\/usr\/lib\/libSystem\.B\.dylib)$/,
};

/**
 * The newest symbol versions that a binary may ask for, those that Node.js's own releases for Linux need: glibc of
 * 2018 (Debian 10, RHEL 8), the C++ library of GCC 5.
 */
export const FLOOR = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9', GCC: '4.2.0' };
/** Bytes; packed, eight of them fit the 2 MB that the tarball may have. */
const MOST_BYTES = 500_000;

function tool(command, ...args) {
  const { stdout, status, error } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return stdout;
}

const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

const READERS = {
  elf: (file) => ({
    libraries: all(tool('readelf', '-dW', file), /\(NEEDED\).*\[(.+)\]/g),
    versions: all(tool('readelf', '-VW', file), /Name: ((?:GLIBC|GLIBCXX|CXXABI|GCC)_[\d.]+)/g),
  }),
  pe: (file) => ({ libraries: all(tool('objdump', '-p', file), /DLL Name: (\S+)/g), versions: [] }),
  macho: (file) => ({ libraries: all(tool('otool', '-L', file), /^\t(\/\S+) \(/gm), versions: [] }),
};

function formatOf(file) {
  const magic = readFileSync(file).readUInt32BE(0);
  if (magic === 0x7f454c46) return 'elf';
  return magic >>> 16 === 0x4d5a ? 'pe' : 'macho';
}

/** Whether version `a` is newer than `b`, number by number. */
export function isNewer(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    if ((left[n] ?? 0) !== (right[n] ?? 0)) return (left[n] ?? 0) > (right[n] ?? 0);
  }
  return false;
}

/** The newest of each family among names such as `GLIBC_2.14`. */
function newestOf(versions) {
  const newest = {};
  for (const [family, version] of versions.map((name) => name.split('_'))) {
    if (!newest[family] || isNewer(version, newest[family])) newest[family] = version;
  }
  return newest;
}

/**
 * Tells in one line what a binary needs.
 * @throws where it links more than it may, asks for newer libraries than {@link FLOOR}, or is larger than expected
 */
export function checkBinary(file) {
  const format = formatOf(file);
  const { libraries, versions } = READERS[format](file);
  const { size } = statSync(file);
  const newest = newestOf(versions);
  const faults = libraries.filter((name) => !LIBRARIES[format].test(name)).map((name) => `links ${name}`);
  for (const [family, version] of Object.entries(newest)) {
    if (isNewer(version, FLOOR[family])) faults.push(`needs ${family}_${version}, the floor is ${FLOOR[family]}`);
  }
  if (size > MOST_BYTES) faults.push(`has ${size} bytes, at most ${MOST_BYTES} are expected`);
  if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`);
  const needs = Object.entries(newest).map(([family, version]) => `${family} ${version}`);
  return `${file}: ${size} bytes; links ${libraries.join(', ') || 'nothing'}${needs.length > 0 ? `; at most ${needs.join(', ')}` : ''}`;
}

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  for (const file of argv.slice(2)) {
    try {
      console.log(`ok ${checkBinary(file)}`);
    } catch (error) {
      console.log(`NOT OK ${error.message}`);
      process.exitCode = 1;
    }
  }
}
