import { Global, Module } from '@nestjs/common';
import { SiteData } from './site-data.js';

@Global()
@Module({ providers: [SiteData], exports: [SiteData] })
export class DataModule {}
