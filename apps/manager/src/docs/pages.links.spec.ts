import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');
const PAGES = globSync(['*.md', 'docs/**/*.md', 'findings/*.md'], { cwd: ROOT });
const SOURCES = globSync('{apps,libs,test,scripts,k8s}/**/*.*', {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
});

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

describe('the pages of the repository', () => {
  it.each(PAGES)('%s links to pages, headings and files that exist', (page) => {
    const dead = [...read(page).matchAll(/\]\(((?!https?:)[^)]+)\)/g)].filter(([, link = '']) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      const headings = [...(heading === undefined ? '' : read(target)).matchAll(/^#+ (.*)$/gm)];
      return heading !== undefined && !headings.some(([, text = '']) => anchor(text) === heading);
    });
    expect(dead.map(([, link]) => link)).toEqual([]);
  });

  it.each(PAGES)('%s names files and folders that exist', (page) => {
    const text = read(page);
    const paths = [...text.matchAll(/`((?:apps|libs|test|scripts|k8s|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    const names = [...text.matchAll(/`([a-z0-9-]+(?:\.[a-z0-9-]+)*\.ts)`/g)].map(([, name = '']) => name);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(names.filter((name) => !SOURCES.some((source) => basename(source) === name))).toEqual([]);
  });
});
