/**
 * Publishes a tarball, with provenance where a workflow gives an identity to sign it with.
 *
 *     node release/publish.mjs TARBALL [--dry-run]
 */
import { resolve } from 'node:path';
import { run } from './run.mjs';

const [tarball, flag] = process.argv.slice(2);
if (tarball === undefined) throw new Error('usage: node release/publish.mjs TARBALL [--dry-run]');
const canSign = process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined;
const dry = flag === '--dry-run';
if (!canSign && !dry) throw new Error('there is no identity to sign provenance with: releases are published by the workflow');

// The version out of airs-mcp-1.2.3-rc.1.tgz. A suffix means a release that nobody gets who doesn't ask for it.
const isPreview = /-\d+\.\d+\.\d+-[^/\\]*\.tgz$/.test(tarball);
const flags = ['--access', 'public', '--tag', isPreview ? 'next' : 'latest'];
if (canSign) flags.push('--provenance');
if (dry) flags.push('--dry-run');
run('npm', ['publish', resolve(tarball), '--ignore-scripts', ...flags]);
console.log(`npm publish ${flags.join(' ')}${canSign ? '' : ' (provenance: in the workflow only)'}`);
