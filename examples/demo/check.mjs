/** What the demo prints and checks. Steps go to standard output; nothing else here does. */

let failures = 0;

export function step(text) {
  console.log(`\n${text}`);
}

/** Prints a line, marked by whether what it says is right. */
export function check(right, text) {
  if (!right) failures++;
  console.log(`  ${right ? 'ok' : 'WRONG'}  ${text}`);
}

export function note(text) {
  console.log(`      ${text}`);
}

export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows) {
    note(row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column]))).join('   '));
  }
}

/** Sets the exit status and says how it went. */
export function finish() {
  console.log(failures === 0 ? '\nAll answers were right.' : `\n${failures} answers were WRONG.`);
  process.exitCode = failures === 0 ? 0 : 1;
}
