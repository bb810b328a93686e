import { SuiteSandbox } from './system.js';

/** A package of one file and one program, installed without a network. */
const PACKAGE = `mkdir -p packed && cd packed
cat > setup.py <<'END'
from setuptools import setup
setup(name='packed', version='1', py_modules=['packed'], entry_points={'console_scripts': ['packed=packed:main']})
END
printf 'def main():\\n    print("packed")\\n' > packed.py
pip install --quiet --no-index --no-build-isolation . && cd .. && packed`;

/** The executor's image as the code in it sees it: a read-only root, /workspace and /tmp, no network. */
describe('a sandbox', () => {
  const sandbox = new SuiteSandbox();

  it.each([
    ['installs a Python package with pip and finds its program', PACKAGE, 'packed\n'],
    ['makes a virtual environment', 'python3 -m venv env && env/bin/python -c "print(6 * 7)"', '42\n'],
    ['runs Python and Node', 'python -c "print(1)"; node -p 2', '1\n2\n'],
    [
      'installs a package with npm and finds its program',
      'mkdir say && cd say && echo \'{"name":"say","version":"1.0.0","bin":"say.js"}\' > package.json && ' +
        'printf "#!/usr/bin/env node\\nconsole.log(\\"said\\")" > say.js && cd .. && npm install --silent --offline ./say && say',
      'said\n',
    ],
    [
      'commits to a repository in its workspace itself',
      'git init --quiet . && git -c user.name=a -c user.email=a@b commit --quiet --allow-empty -m first && git log --format=%s',
      'first\n',
    ],
    [
      'has the tools of a shell',
      'command -v bash curl git tar sed awk grep find xargs sha256sum ps pkill | wc -l',
      '12\n',
    ],
    [
      'has one home, whether HOME or passwd is asked',
      'echo "$HOME"; getent passwd "$(id -u)" | cut -d: -f6; test -w "$HOME"',
      '/workspace\n/workspace\n',
    ],
    [
      'leaves no zombie behind',
      '(sleep 0.1 & sleep 0.1 &); sleep 0.5; cat /proc/[0-9]*/stat 2>/dev/null | grep -c ") Z " || true',
      '0\n',
    ],
  ])('%s', async (_, command, stdout) => {
    await expect(sandbox.execute({ command: `set -e; ${command}` })).resolves.toMatchObject({
      exitCode: 0,
      stdout,
    });
  });
});
