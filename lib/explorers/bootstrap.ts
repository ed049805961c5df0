import type { ModulesContainer } from '@nestjs/core';

interface Bootstrappable {
  onApplicationBootstrap?: () => unknown;
}

/**
 * Resolves when the last `onApplicationBootstrap` hook of the application has ended. Nest has no event for that. It calls the hooks
 * module by module and the one of the root module's class last, so the promise resolves behind that one.
 * Call it while the bootstrap hooks of other modules are called, or before.
 */
export function whenBootstrapped(modules: ModulesContainer): Promise<void> {
  const [rootModule] = [...modules.values()].toSorted(
    (one, other) => one.distance - other.distance,
  );
  const isCalled = rootModule?.getProviderByKey(rootModule.metatype)?.isDependencyTreeStatic();
  const root = rootModule?.instance as Bootstrappable | undefined;
  if (!root || !isCalled) return Promise.resolve();
  const { onApplicationBootstrap } = root;
  return new Promise((resolve) => {
    root.onApplicationBootstrap = async () => {
      try {
        await onApplicationBootstrap?.call(root);
      } finally {
        resolve();
      }
    };
  });
}
