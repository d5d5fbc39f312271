/** The handler of the thread measurement in processor.mjs: computes for some milliseconds. */
export default function compute(request) {
  let x = request.id;
  for (let i = 0; i < 1e6; i++) x = (x * 31 + i) | 0;
  return { x };
}
