import { Command, CommanderError } from 'commander';
import { EXIT } from './status.js';
import { packageVersion } from './version.js';

const STATUSES = `
Exit status: 0 all is well, 1 it failed, 2 the command line is wrong.
Colours are for terminals; NO_COLOR=1 turns them off. Each command has its own --help.`;

const TAP_NOTES = `
A host's configuration starts the tap instead of the server:
  before   "command": "npx", "args": ["-y", "some-server"]
  after    "command": "npx", "args": ["airs-mcp", "tap", "--output", "/tmp/tap.log", "--", "npx", "-y", "some-server"]

Bytes pass unchanged both ways. SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGUSR2 are passed on.
Exit status: the server's own; 126 where it could not be started, 127 where there is no such command.`;

const DOCTOR_NOTES = `
Where the native addon does not load, JavaScript takes its place with the same results, and the report says why: that is
no failure, unless AIRS_MCP_BACKEND=native demands it.
Exit status: 0 where all checks hold, else 1.`;

const DEMO_NOTES = `
It uses nothing but this package: the server is a process of its own, on the same backend (AIRS_MCP_BACKEND chooses it).
Exit status: 0 where all went as it should, else 1.`;

const BENCH_NOTES = `
It compares this package with JSON.parse and with a loop over lines written by hand, both of which need no other package; the
repository's own benchmarks have more rows, and the SDKs. Leave the machine alone while it runs: half a minute, or with --quick
some ten seconds. AIRS_MCP_BACKEND chooses the backend.`;

/** The command line: which commands there are, and what they take. What they do is loaded when they are run. */
export function makeProgram(): Command {
  const program = new Command('airs-mcp')
    .description('A JSON-RPC 2.0 / MCP message engine.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', STATUSES)
    .enablePositionalOptions();
  program.command('tap')
    .description('stand between a host and a stdio server, and show what passes: method, id, sizes, times')
    .usage('[options] -- COMMAND [ARGS...]')
    .argument('<command>', 'the server to start')
    .argument('[args...]', 'its arguments')
    .option('-o, --output <file>', 'add the lines to a file instead of standard error')
    .option('--json', 'write JSON lines')
    .addHelpText('after', TAP_NOTES)
    .passThroughOptions()
    .action(async (command: string, args: string[], options: { output?: string; json?: boolean }) => {
      const { runTap } = await import('./tap/run.js');
      await runTap(command, args, options);
    });
  program.command('doctor')
    .description('tell what this package finds on this machine, and try that it works')
    .option('--json', 'write one JSON document')
    .addHelpText('after', DOCTOR_NOTES)
    .action(async (options: { json?: boolean }) => {
      const { runDoctor } = await import('./doctor/run.js');
      await runDoctor(options);
    });
  program.command('demo')
    .description('play a session with a server process: calls both ways, progress, faults; with times')
    .option('--json', 'write one JSON document')
    .addHelpText('after', DEMO_NOTES)
    .action(async (options: { json?: boolean }) => {
      const { runDemo } = await import('./demo/run.js');
      await runDemo(options);
    });
  program.command('bench')
    .description('measure on this machine: parsing and calls over stdio, against JSON.parse and a loop by hand')
    .option('--quick', 'fewer and shorter rounds')
    .option('--json', 'write one JSON document')
    .addHelpText('after', BENCH_NOTES)
    .action(async (options: { quick?: boolean; json?: boolean }) => {
      const { runBench } = await import('./bench/run.js');
      await runBench(options);
    });
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

/** Runs one command line; what it comes to is this process's exit status. */
export async function runCommandLine(args: readonly string[], program: Command = makeProgram()): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.stderr.write(`airs-mcp: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}
