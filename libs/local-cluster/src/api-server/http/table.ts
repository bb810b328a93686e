import { apiVersionOf, type Kind, type Stored } from '../kinds/kind.js';

/** How much of each object a table carries beside its cells. */
export type IncludeObject = 'Metadata' | 'None' | 'Object';

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const include = query.get('includeObject');
  return include === 'None' || include === 'Object' ? include : 'Metadata';
}

/**
 * Objects as `kubectl get` prints them.
 *
 * @param now milliseconds since the epoch, for their ages.
 * @param withHeader whether the columns are described; in a watch only the first table does.
 */
export function tableOf(
  kind: Kind,
  objects: readonly Stored[],
  metadata: object,
  { now, include, withHeader = true }: { now: number; include: IncludeObject; withHeader?: boolean },
): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withHeader
      ? kind.columns.map(({ name, type = 'string', format = '', priority = 0, description }) => ({
          name,
          type,
          format,
          description,
          priority,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: kind.columns.map((column) => column.cell(object, now)),
      object: objectOf(kind, object, include),
    })),
  };
}

function objectOf(kind: Kind, object: Stored, include: IncludeObject): object | undefined {
  switch (include) {
    case 'None':
      return undefined;
    case 'Object':
      return { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object };
    case 'Metadata':
      return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
  }
}
