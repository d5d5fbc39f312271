/**
 * The environment variables that a child gets by default: what a program needs to run, and no secrets. The list is
 * the one of the official MCP SDK 2.4, so that servers find what they find there.
 */
export const DEFAULT_INHERITED_ENV_VARS: readonly string[] =
  process.platform === 'win32'
    ? [
        'APPDATA', 'COMSPEC', 'HOMEDRIVE', 'HOMEPATH', 'LOCALAPPDATA', 'PATH', 'PATHEXT', 'PROCESSOR_ARCHITECTURE', 'PROGRAMDATA',
        'PROGRAMFILES', 'PROGRAMFILES(X86)', 'PROGRAMW6432', 'SYSTEMDRIVE', 'SYSTEMROOT', 'TEMP', 'USERNAME', 'USERPROFILE', 'WINDIR',
      ]
    : ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

/** This process's values of {@link DEFAULT_INHERITED_ENV_VARS}. Shell functions, which some shells export, are left out. */
export function getDefaultEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of DEFAULT_INHERITED_ENV_VARS) {
    const value = process.env[name];
    if (value !== undefined && !value.startsWith('()')) environment[name] = value;
  }
  return environment;
}

/**
 * The default environment with `given` over it. To Windows `Path` and `PATH` are one variable, of which Node.js would take
 * the one that sorts first: there what is given replaces the other spelling.
 */
export function childEnvironment(given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const defaults = Object.entries(getDefaultEnvironment());
  if (process.platform !== 'win32') return { ...Object.fromEntries(defaults), ...given };
  const names = new Set(Object.keys(given).map((name) => name.toUpperCase()));
  return { ...Object.fromEntries(defaults.filter(([name]) => !names.has(name.toUpperCase()))), ...given };
}
