/** Runs groups one after the other, each in a process of its own, and gathers their rows. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GROUP_NAMES, groupNamed } from '../groups/index.mjs';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** What is to be run: for each backend and group the names of its rows. */
export async function plan({ backends, filter, quick }) {
  const jobs = [];
  for (const backend of backends) {
    for (const name of GROUP_NAMES) {
      const group = await groupNamed(name);
      const rows = group.rows.filter((row) => wanted(backend, group, row, { filter, quick })).map((row) => row.name);
      if (rows.length > 0) jobs.push({ backend, group: name, rows });
    }
  }
  return jobs;
}

function wanted(backend, group, row, { filter, quick }) {
  if (backend === 'javascript' && row.native === true) return false;
  if (quick && (row.slow === true || (backend === 'javascript' && group.costly === true))) return false;
  return `${backend} ${group.name} ${group.title}: ${row.name}`.toLowerCase().includes(filter.toLowerCase());
}

/**
 * @param jobs from {@link plan}
 * @param onRow called with each row as it is done
 * @param progress called with the name of each row that begins
 * @returns rows, and failures as texts
 */
export async function run(jobs, { pace, progress, onRow }) {
  const rows = [];
  const failures = [];
  for (const job of jobs) {
    const failure = await runGroup(job, pace, {
      begins: (name) => progress(`${job.backend} ${job.group}: ${name}`),
      row(row) {
        rows.push(row);
        onRow?.(row);
      },
    });
    if (failure !== undefined) failures.push(`${job.backend} ${job.group}: ${failure}`);
  }
  return { rows, failures };
}

function runGroup({ backend, ...job }, pace, on) {
  const child = fork(WORKER, [JSON.stringify({ ...job, pace })], {
    execArgv: ['--expose-gc', '--no-warnings'],
    env: { ...process.env, AIRS_MCP_BACKEND: backend },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  return new Promise((resolve) => {
    let failure;
    child.on('message', ({ begins, row, failed }) => {
      if (begins !== undefined) on.begins(begins);
      if (row !== undefined) on.row(row);
      failure ??= failed;
    });
    child.on('error', (error) => resolve(String(error)));
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : (failure ?? `ended with ${code ?? signal}`)));
  });
}
