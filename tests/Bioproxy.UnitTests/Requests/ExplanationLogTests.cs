using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Requests;

public sealed class ExplanationLogTests
{
    [Fact]
    public void Add_MoreThanAThousand_TheOldestAreForgotten()
    {
        var log = new ExplanationLog();
        for (var i = 0; i < 1001; i++)
        {
            log.Add(new Explanation
            {
                Id = $"r{i}",
                At = default,
                Route = "chat",
                Lane = "interactive",
                Status = 200,
                Chosen = null,
                Result = "hot",
            });
        }

        Assert.Null(log.Find("r0"));
        Assert.Equal("r1", log.Find("r1")?.Id);
        Assert.Equal("r1000", log.Find("r1000")?.Id);
        Assert.Null(log.Find("other"));
    }
}
