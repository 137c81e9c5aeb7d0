#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# kafka_tools.sh VERSION kafka-topics.sh|kafka-configs.sh ARGUMENTS...: Kafka's own command-line
# tools, whose lines our messages tell people to run. Jars from Maven Central, once, in the cache.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
version=$1
tool=$2
shift 2
home=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/kafka-tools-$version

if [ ! -e "$home/complete" ]; then
	mkdir -p "$home"
	cat >"$home/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stagger</groupId><artifactId>kafka-tools-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId>
      <version>$version</version></dependency>
  </dependencies>
</project>
POM
	(cd "$home" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies \
		-DoutputDirectory=lib) >&2
	: >"$home/complete"
fi
case $tool in
kafka-topics.sh) class=org.apache.kafka.tools.TopicCommand ;;
kafka-configs.sh) class=kafka.admin.ConfigCommand ;; # in the broker's own jar
*)
	echo "kafka_tools.sh: there are kafka-topics.sh and kafka-configs.sh" >&2
	exit 2
	;;
esac
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m \
	-Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	-cp "$home/lib/*:$("$here/kafka.sh" jars "$version")/*" $class "$@"
