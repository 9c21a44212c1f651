using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Requests;

/// <summary>The rules by which side requests are told from a conversation's turns.</summary>
public sealed class SideRequestTests
{
    private static readonly RequestShape Turn = new() { Messages = 2, UserTurns = 1, Tools = 11, Bytes = 60_000, MaxTokens = 8000 };
    private static readonly RequestShape Chat = Turn with { Tools = 0, MaxTokens = null };
    private static Precedent None => default;

    /// <summary>The request, what is known of its conversation, and what it is.</summary>
    private static readonly Dictionary<string, (RequestShape Shape, Precedent Precedent, SideKind Kind)> Cases = new()
    {
        ["a first turn"] = (Turn, None, SideKind.None),
        ["a first turn of a chat"] = (Chat, None, SideKind.None),
        ["a next turn"] = (Turn with { UserTurns = 2 }, Continued(Turn), SideKind.None),
        ["a tool's result"] = (Turn with { Messages = 4 }, Continued(Turn), SideKind.None),

        ["a quota probe"] = (Chat with { Messages = 1, MaxTokens = 1, Bytes = 40 }, None, SideKind.Probe),
        ["one token for a long prompt"] = (Chat with { Messages = 1, MaxTokens = 1 }, None, SideKind.None),
        ["one token behind a system message"] = (Chat with { Messages = 2, MaxTokens = 1, Bytes = 40 }, None, SideKind.None),

        ["a task"] = (Chat with { Messages = 1, IsTask = true }, None, SideKind.Task),
        ["a conversation about a task"] = (Chat with { UserTurns = 2, IsTask = true }, None, SideKind.None),

        ["a sub-agent"] = (Turn with { IsSubAgent = true }, None, SideKind.SubAgent),
        ["a sub-agent's next turn"] = (Turn with { IsSubAgent = true, UserTurns = 2 }, Continued(Turn), SideKind.SubAgent),

        ["the same messages without tools"] = (Turn with { Tools = 0, UserTurns = 2 }, Same(Turn), SideKind.Compaction),
        ["the same messages with a few of the tools"] = (Turn with { Tools = 4, UserTurns = 2 }, Same(Turn), SideKind.Compaction),
        ["a tool fewer"] = (Turn with { Tools = 10, UserTurns = 2 }, Same(Turn), SideKind.None),
        ["a tool more"] = (Turn with { Tools = 12, UserTurns = 2 }, Same(Turn), SideKind.None),
        ["another system message for a chat"] = (Chat with { UserTurns = 2 }, Same(Chat), SideKind.None),

        ["a title"] = (Chat, Named(Turn), SideKind.Beside),
        ["the first turn behind its title"] = (Turn, Named(Chat), SideKind.None),
        ["a title in a schema"] = (Chat with { HasSchema = true }, Named(Chat), SideKind.Beside),
        ["a conversation in schemas"] = (Chat with { HasSchema = true }, Named(Chat with { HasSchema = true }), SideKind.None),
        ["tags in few tokens"] = (Chat with { MaxTokens = 64 }, Named(Chat), SideKind.Beside),
        ["a client of short answers"] = (Chat with { MaxTokens = 64 }, Named(Chat with { MaxTokens = 64 }), SideKind.None),
        ["the same limits"] = (Chat with { MaxTokens = 4096 }, Named(Chat with { MaxTokens = 4096 }), SideKind.None),
        ["few tokens, several questions"] = (Chat with { MaxTokens = 64, UserTurns = 2 }, Named(Chat), SideKind.None),
        ["few tokens, nothing known"] = (Chat with { MaxTokens = 64 }, None, SideKind.None),

        ["a known title's system message"] = (Chat with { HasSideOpening = true }, None, SideKind.Beside),
        ["a chat behind it"] = (Chat with { HasSideOpening = true, HasAnswers = true }, None, SideKind.None),

        ["a tool's result in a side request"] = (Turn with { Tools = 4 }, Continued(Turn, SideKind.Compaction), SideKind.Compaction),
        ["a question in it"] = (Turn with { Tools = 4, UserTurns = 2 }, Continued(Turn, SideKind.Compaction), SideKind.None),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_ShapeAndPrecedent_IsItsKind(string name)
    {
        var (shape, precedent, kind) = Cases[name];

        Assert.Equal(kind, SideRequest.Of(shape, precedent));
    }

    private static Precedent Continued(RequestShape shape, SideKind side = SideKind.None) => new(PrecedentKind.Continued, shape, side);

    private static Precedent Same(RequestShape shape) => new(PrecedentKind.SameMessages, shape, SideKind.None);

    private static Precedent Named(RequestShape shape) => new(PrecedentKind.SameSession, shape, SideKind.None);
}
