/**
 * Writes the software bills of materials of what users install, in both usual forms, and checks them.
 *
 *     node release/sbom.mjs FOLDER        writes airs-mcp.cdx.json (CycloneDX) and airs-mcp.spdx.json (SPDX)
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from './run.mjs';

/** `name@version` of each package that every user installs. */
function demanded() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`);
}

/** Fails unless `bom` has what the CycloneDX 1.5 schema demands, lists `packages`, and its references lead somewhere. */
export function checkCycloneDx(bom, packages) {
  assert.equal(bom.bomFormat, 'CycloneDX');
  assert.match(bom.specVersion, /^1\.\d+$/);
  assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Number.isInteger(bom.version) && bom.version >= 1);
  const references = new Set([bom.metadata.component['bom-ref'], ...bom.components.map((component) => component['bom-ref'])]);
  assert.equal(references.size, bom.components.length + 1, 'a bom-ref is used twice');
  for (const { type, name, version, purl, licenses } of bom.components) {
    assert.ok(type === 'library' && name && version && licenses?.length > 0, `${name} lacks its type, version or licence`);
    assert.equal(purl, `pkg:npm/${name.replace('@', '%40')}@${version}`);
  }
  for (const { ref, dependsOn } of bom.dependencies) {
    for (const each of [ref, ...dependsOn]) assert.ok(references.has(each), `${each} is referred to and not listed`);
  }
  const missing = packages.filter((name) => !bom.components.some((component) => `${component.name}@${component.version}` === name));
  assert.deepEqual(missing, [], 'packages that users install are not listed');
}

/** As above, for what SPDX 2.3 demands. */
export function checkSpdx(document, packages) {
  assert.match(document.spdxVersion, /^SPDX-2\.\d$/);
  assert.equal(document.dataLicense, 'CC0-1.0');
  assert.equal(document.SPDXID, 'SPDXRef-DOCUMENT');
  assert.ok(document.name && URL.canParse(document.documentNamespace));
  assert.ok(!Number.isNaN(Date.parse(document.creationInfo.created)) && document.creationInfo.creators.length > 0);
  const ids = new Set(['SPDXRef-DOCUMENT', ...document.packages.map(({ SPDXID }) => SPDXID)]);
  for (const { SPDXID, name, downloadLocation } of document.packages) {
    assert.ok(/^SPDXRef-[0-9A-Za-z.-]+$/.test(SPDXID) && name && downloadLocation, `${name} lacks its id or location`);
  }
  for (const { spdxElementId, relatedSpdxElement, relationshipType } of document.relationships) {
    assert.ok(ids.has(spdxElementId) && ids.has(relatedSpdxElement) && relationshipType, `${spdxElementId} refers to nothing`);
  }
  const missing = packages.filter((name) => !document.packages.some((each) => `${each.name}@${each.versionInfo}` === name));
  assert.deepEqual(missing, [], 'packages that users install are not listed');
}

/**
 * A package like ours that has no development dependencies: `npm sbom --omit dev` leaves out packages that those need as well.
 * npm names the document after the folder.
 */
function runtimeOnly(work) {
  const { devDependencies: _left, scripts: _out, ...manifest } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const folder = join(work, manifest.name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  copyFileSync(join(ROOT, 'package-lock.json'), join(folder, 'package-lock.json'));
  run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  return folder;
}

/** Writes both documents to `folder`; gives the number of packages in them. */
export function writeSboms(folder) {
  const work = mkdtempSync(join(tmpdir(), 'airs-mcp-sbom-'));
  try {
    const cwd = runtimeOnly(work);
    const sbom = (format) => JSON.parse(run('npm', ['sbom', '--sbom-format', format, '--sbom-type', 'library', '--package-lock-only'], { cwd }));
    const packages = demanded();
    const [cyclonedx, spdx] = [sbom('cyclonedx'), sbom('spdx')];
    checkCycloneDx(cyclonedx, packages);
    checkSpdx(spdx, packages);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'airs-mcp.cdx.json'), `${JSON.stringify(cyclonedx, null, 2)}\n`);
    writeFileSync(join(folder, 'airs-mcp.spdx.json'), `${JSON.stringify(spdx, null, 2)}\n`);
    return cyclonedx.components.length;
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.argv[1]?.endsWith('sbom.mjs')) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: node release/sbom.mjs FOLDER');
  console.log(`${writeSboms(folder)} packages listed, in ${folder}`);
}
