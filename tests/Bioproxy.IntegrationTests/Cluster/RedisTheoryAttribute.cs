namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>As <see cref="RedisFactAttribute"/>, with rows.</summary>
internal sealed class RedisTheoryAttribute : TheoryAttribute
{
    public RedisTheoryAttribute(bool isLong = false) => Skip = new RedisFactAttribute(isLong).Skip;
}
