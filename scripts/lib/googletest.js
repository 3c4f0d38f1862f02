import { bring } from './bring.js';
import { canInstall, canUnpack, install, LIBRARIES, PREFIX, unpack, unpacked } from './debian.js';
import { output } from './run.js';

const HEADER = 'include/gtest/gtest.h';

/** @type {import('./bring.js').Source<Record<string, string>>[]} value: definitions for CMake */
const SOURCES = [
  {
    name: 'system (libgtest-dev)',
    find: () =>
      output('g++', ['-M', '-x', 'c++', '-'], '#include <gtest/gtest.h>') && hasLibrary()
        ? {}
        : undefined,
    possible: canInstall,
    bring: () => install(['libgtest-dev']),
  },
  {
    name: '.cache/debian (libgtest-dev)',
    find: () =>
      unpacked(`usr/${HEADER}`) && unpacked(`usr/${LIBRARIES}/libgtest.a`)
        ? { CMAKE_PREFIX_PATH: `${PREFIX}/usr` }
        : undefined,
    possible: canUnpack,
    bring: () => unpack(['libgtest-dev']),
  },
];

const hasLibrary = () =>
  ['libgtest.a', 'libgtest.so'].some((name) =>
    output('g++', [`-print-file-name=${name}`])?.startsWith('/'),
  );

/** GoogleTest from where it is, else brought; the value is what CMake needs to be told. */
export function bringGoogleTest() {
  return bring('GoogleTest', SOURCES, 'install it (apt-get install libgtest-dev)');
}
