export {
  connectRedis,
  RedisAway,
  redisScript,
  type RedisConnection,
  type RedisScript,
} from './connection.ts'
export { countingFields, redisSettings, type RedisSettings } from './settings.ts'
