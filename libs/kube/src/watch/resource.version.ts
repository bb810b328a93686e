/**
 * Whether one resourceVersion is later than another of the same kind of object. They are decimal numbers of any length
 * (Kubernetes 1.35 promises it, etcd's revisions have always been that), so longer is later. Absent is before everything.
 */
export function isLater(version: string | undefined, than: string | undefined): boolean {
  const [a, b] = [significant(version), significant(than)];
  return a.length === b.length ? a > b : a.length > b.length;
}

function significant(version: string | undefined): string {
  return (version ?? '').replace(/^0+/, '');
}
