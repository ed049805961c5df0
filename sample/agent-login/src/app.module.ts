import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { AccountModule } from './account/account.module.js';
import { ApiModule } from './api/api.module.js';
import { BindingModule } from './binding/binding.module.js';
import { siteConfig, type SiteConfig } from './config/site.config.js';
import { DataModule } from './data/data.module.js';
import { KeyvStore } from './data/keyv-store.js';
import { SiteData } from './data/site-data.js';
import { HomeModule } from './home/home.module.js';
import { LoginModule } from './login/login.module.js';
import { SessionModule } from './session/session.module.js';
import { WebModule } from './web/web.module.js';

/** The site. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [siteConfig] }),
    LimeSitesModule.forRootAsync({
      inject: [siteConfig.KEY, SiteData],
      useFactory: ({ lime: { siteToken, baseUrl } }: SiteConfig, data: SiteData) => ({
        siteToken,
        baseUrl,
        store: new KeyvStore({ store: data }), // what guards know survives a restart, as the sessions do
      }),
    }),
    DataModule,
    WebModule,
    SessionModule,
    HomeModule,
    LoginModule,
    AccountModule,
    BindingModule,
    ApiModule,
  ],
})
export class AppModule {}
