using System.Globalization;
using Bioproxy.Doubles;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Requests;

/// <summary>A request of a recorded session: its shape, without its words, and what it is beside a conversation.</summary>
/// <param name="Line">The line of the file.</param>
/// <param name="Session">What the client calls the conversation; <c>-</c> for nothing.</param>
/// <param name="Tools">The number of tools.</param>
/// <param name="Limit">The most tokens of the answer; <c>-</c> for no limit.</param>
/// <param name="Messages">The messages, each as a role and a stand-in for its text.</param>
/// <param name="Expected">Opencode's titles and Qwen's notes are side requests, and nothing else is. Of the titles only the conversation
/// behind the first one shows what it was.</param>
internal sealed record RecordedRequest(
    string Line, string Session, int Tools, string Limit, string[] Messages, SideKind Expected)
{
    public static IEnumerable<RecordedRequest> All()
    {
        var hasSeenTitle = false;
        var lines = File.ReadLines(
            Path.Combine(RepositoryFolder.Root!, "tests", "Bioproxy.UnitTests", "Requests", "recorded-requests.txt"));
        foreach (var line in lines.Where(line => line[0] != '#'))
        {
            if (line.Split(' ') is not [var client, var session, var tools, var limit, .. var messages])
                throw new InvalidDataException(line);
            var isTitle = client is "opencode" or "opencode-anthropic" && tools == "0";
            var expected = isTitle && hasSeenTitle ? SideKind.Beside
                : client == "qwen" && tools == "4" ? SideKind.Compaction
                : SideKind.None;
            hasSeenTitle |= isTitle;
            yield return new RecordedRequest(
                line, session, int.Parse(tools, CultureInfo.InvariantCulture), limit, messages, expected);
        }
    }
}
