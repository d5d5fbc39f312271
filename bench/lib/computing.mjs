/** A handler that computes for some milliseconds, on the loop or in a thread. */
export default function compute(request) {
  let x = request.id;
  for (let i = 0; i < 1e6; i++) x = (x * 31 + i) | 0;
  return { x };
}
