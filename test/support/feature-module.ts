import { Module, type ModuleMetadata, type Type } from '@nestjs/common';

/** A feature module of the application. Each call makes a new one. */
export function featureModule(metadata: ModuleMetadata): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a Nest module is one
  class FeatureModule {}
  Module(metadata)(FeatureModule);
  return FeatureModule;
}
