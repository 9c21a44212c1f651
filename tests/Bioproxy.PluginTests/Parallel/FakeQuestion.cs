using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.Parallel;

/// <summary>A question as the backend would get it.</summary>
internal sealed class FakeQuestion(BackendQuestion question, CancellationToken cancellationToken)
{
    public string Path => question.Path;

    public JsonObject Body { get; } = JsonNode.Parse(question.Body.Span)!.AsObject();

    public string Raw { get; } = System.Text.Encoding.UTF8.GetString(question.Body.Span);

    public bool IsJudge => question.OnText is not null;

    public CancellationToken CancellationToken => cancellationToken;

    public TaskCompletionSource<BackendAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The pieces of a streamed answer; set before <see cref="Answer"/>.</summary>
    public IReadOnlyList<string> Pieces { get; set; } = [];

    /// <summary>The last message's text.</summary>
    public string LastText => Body["messages"]!.AsArray()[^1]!["content"]!.GetValue<string>();

    public void Complete(Func<FakeQuestion, BackendAnswer> rule)
    {
        try
        {
            Answer.SetResult(rule(this));
        }
        catch (BackendUnavailableException e)
        {
            Answer.SetException(e);
        }
    }
}
