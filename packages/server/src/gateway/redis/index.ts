export {
  connectRedis,
  RedisAway,
  redisScript,
  type RedisConnection,
  type RedisScript,
} from './connection.ts'
export { redisSettings, type RedisSettings } from './settings.ts'
