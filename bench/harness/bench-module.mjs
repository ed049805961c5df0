/**
 * The root module of an application of the bench.
 * @param {import('@nestjs/common').ModuleMetadata} parts
 * @returns {import('@nestjs/common').DynamicModule}
 */
export function benchModule(parts) {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
  class BenchModule {}
  return { module: BenchModule, ...parts };
}
