/** The two halves of a hand-written loop over lines. */

export function eachLine(stream, take) {
  let rest = [];
  stream.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      take((rest.length === 0 ? piece : Buffer.concat([...rest.splice(0), piece])).toString());
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  });
}

export function tickWriter(stream) {
  let lines = [];
  return (line) => {
    if (lines.length === 0) {
      queueMicrotask(() => {
        stream.write(`${lines.join('\n')}\n`);
        lines = [];
      });
    }
    lines.push(line);
  };
}
