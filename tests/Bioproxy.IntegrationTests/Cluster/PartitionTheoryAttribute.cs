namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>A test with network namespaces: root on Linux, with <c>ip</c> and <c>redis-server</c>.</summary>
internal sealed class PartitionTheoryAttribute : TheoryAttribute
{
    public PartitionTheoryAttribute() => Skip = new RedisFactAttribute().Skip
        ?? (!OperatingSystem.IsLinux() || Environment.UserName != "root" ? "Only root on Linux can make network namespaces."
            : !File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip") ? "There is no ip (Debian: apt-get install iproute2)."
            : null);
}
