import { bring } from './bring.js';
import { canInstall, canUnpack, install, PREFIX, unpack, unpacked } from './debian.js';
import { has, output, SetupError } from './run.js';

const OLDEST_NODE = [20, 19];

/** Checks the system, Node and the build tools; brings make when only that is missing. */
export async function checkTools() {
  if (process.platform !== 'linux') {
    throw new SetupError(`optcmp runs on Linux; this is ${process.platform}`);
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(
      `optcmp needs Node ${OLDEST_NODE.join('.')} or later; this is ${major}.${minor}`,
    );
  }
  if (unpacked('usr/bin/make')) process.env.PATH += `:${PREFIX}/usr/bin`;
  await tool('a C++20 compiler', ['g++'], 'g++');
  await tool('CMake', ['cmake'], 'cmake');
  await tool('make', ['ninja', 'make'], 'make', async () => {
    await unpack(['make']);
    process.env.PATH += `:${PREFIX}/usr/bin`;
  });
  const version = output('g++', ['-dumpfullversion']);
  return {
    note: `Node ${process.versions.node}, g++ ${version}, ${output('cmake', ['--version'])?.split('\n')[0]}`,
  };
}

function tool(what, programs, debian, unpackTool) {
  const find = () => programs.find(has);
  const sources = [
    { name: 'Debian', find, possible: canInstall, bring: () => install([debian]) },
    ...(unpackTool
      ? [{ name: '.cache/debian', find, possible: canUnpack, bring: unpackTool }]
      : []),
  ];
  return bring(what, sources, `install it (apt-get install ${debian})`);
}
