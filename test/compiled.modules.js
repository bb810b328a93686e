import vm from 'node:vm';

/**
 * Keeps what V8 has compiled of a module for the next spec file of the same worker. Jest compiles all that a spec file imports anew,
 * since each has a realm of its own; most of that is packages, the same ones for all. What is kept is code only: modules are still
 * evaluated anew.
 */
export function keepCompiledModules() {
  const { compileFunction, SourceTextModule } = vm;
  /** By file: a module's text, which Jest may have transformed, and V8's data. */
  const kept = new Map();

  const dataOf = (file, source) => {
    const known = kept.get(file);
    return known?.source === source ? known.data : undefined;
  };

  vm.compileFunction = (source, parameters, options) => {
    const { filename } = options;
    const cachedData = dataOf(filename, source);
    if (cachedData !== undefined) return compileFunction(source, parameters, { ...options, cachedData });
    const compiled = compileFunction(source, parameters, { ...options, produceCachedData: true });
    kept.set(filename, { source, data: compiled.cachedData });
    return compiled;
  };

  vm.SourceTextModule = class extends SourceTextModule {
    constructor(source, options) {
      const { identifier } = options;
      const cachedData = dataOf(identifier, source);
      super(source, cachedData === undefined ? options : { ...options, cachedData });
      if (cachedData === undefined) kept.set(identifier, { source, data: this.createCachedData() });
    }
  };
}
