using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>A test with a real Redis: <c>redis-server</c> on the path, or the file that <c>BIOPROXY_REDIS</c> names.</summary>
internal sealed class RedisFactAttribute : FactAttribute
{
    /// <param name="isLong">It runs with <c>scripts/test.sh --long</c> only.</param>
    public RedisFactAttribute(bool isLong = false)
    {
        if (RedisServer.Program is null)
            Skip = "There is no redis-server on the PATH, and BIOPROXY_REDIS does not name one.";
        else if (isLong)
            Skip = new LongFactAttribute().Skip;
    }
}
