import { exposeLines, plainUser, type Program } from './program.ts'

/** Spring Boot: of other projects nobody knows whether their jar can be started. */
export const mavenDockerfile = (program: Program): readonly string[] | undefined => {
  const { manifest, has } = program
  const isBoot = [...(manifest?.dependencies.keys() ?? [])].some((name) =>
    /spring-boot-starter/.test(name),
  )
  if (!isBoot || !has('pom.xml') || !has('src')) return undefined
  return [
    'FROM maven:3-eclipse-temurin-21 AS build',
    'WORKDIR /src',
    'COPY pom.xml ./',
    'RUN mvn -B -q dependency:go-offline',
    'COPY src ./src',
    'RUN mvn -B -q package -DskipTests',
    '',
    'FROM eclipse-temurin:21-jre',
    'WORKDIR /app',
    'COPY --from=build /src/target/*.jar app.jar',
    plainUser,
    ...exposeLines(program),
    'CMD ["java", "-jar", "app.jar"]',
  ]
}
