import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { AccountModule } from './account/account.module.js';
import { ApiModule } from './api/api.module.js';
import { BindingModule } from './binding/binding.module.js';
import { siteConfig, type SiteConfig } from './config/site.config.js';
import { HomeModule } from './home/home.module.js';
import { LoginModule } from './login/login.module.js';
import { SessionModule } from './session/session.module.js';
import { WebModule } from './web/web.module.js';

/** The site. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [siteConfig] }),
    LimeSitesModule.forRootAsync({
      inject: [siteConfig.KEY],
      useFactory: ({ lime: { siteToken, baseUrl } }: SiteConfig) => ({ siteToken, baseUrl }),
    }),
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
