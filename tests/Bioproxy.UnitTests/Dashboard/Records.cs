using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>Requests that have ended.</summary>
internal static class Records
{
    public static DateTimeOffset Start { get; } = new(2030, 1, 10, 12, 0, 0, TimeSpan.Zero);

    public static RequestRecord Of(int number, DateTimeOffset at) => new()
    {
        Id = $"r-{number}",
        At = at,
        Route = "chat_completions",
        Lane = "interactive",
        Client = "opencode",
        Backend = "default",
        Model = "qwen",
        Template = "@code",
        Status = 200,
        Result = "hot",
        IsStream = true,
        CachedTokens = 900,
        ComputedTokens = 100,
        GeneratedTokens = 10,
        FirstToken = 0.1 * number,
        Seconds = 2,
        Saved = 1.5,
    };
}
