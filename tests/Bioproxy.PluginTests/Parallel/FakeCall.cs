using System.Text;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.Parallel;

/// <summary>A request whose questions a test answers, one by one or by a rule.</summary>
internal sealed class FakeCall : RequestCall
{
    private readonly Lock _lock = new();
    private readonly List<FakeQuestion> _questions = [];
    private readonly StringBuilder _written = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];

    public FakeCall(string body, PromptEndpoint endpoint = PromptEndpoint.Chat)
    {
        Body = Encoding.UTF8.GetBytes(body);
        Prompt = new PromptContext("request-1", endpoint, "m", isWarmUp: false, [], Body);
    }

    public override PromptContext Prompt { get; }

    public override string Path => "/v1/chat/completions";

    public override bool IsStream => true;

    public override ReadOnlyMemory<byte> Body { get; }

    /// <summary>Answers at once; without it the test completes <see cref="FakeQuestion.Answer"/>.</summary>
    public Func<FakeQuestion, BackendAnswer>? Rule { get; init; }

    public string Written
    {
        get
        {
            lock (_lock)
                return _written.ToString();
        }
    }

    /// <summary>The questions so far, in the order asked.</summary>
    public IReadOnlyList<FakeQuestion> Questions
    {
        get
        {
            lock (_lock)
                return [.. _questions];
        }
    }

    /// <summary>The most questions that ever waited for their answer at once.</summary>
    public int MostAtOnce { get; private set; }

    public static BackendAnswer Says(string text) => new(200, default) { Text = text };

    public static BackendAnswer Fails(int status, string body) => new(status, Encoding.UTF8.GetBytes(body));

    /// <summary>Completes when that many questions have been asked.</summary>
    public Task AskedAsync(int count)
    {
        lock (_lock)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            Release_NeedsLock();
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public override async Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken)
    {
        var asked = new FakeQuestion(question, cancellationToken);
        lock (_lock)
        {
            _questions.Add(asked);
            MostAtOnce = Math.Max(MostAtOnce, _questions.Count(question => !question.Answer.Task.IsCompleted));
            Release_NeedsLock();
        }

        if (Rule is not null)
            asked.Complete(Rule);
        var answer = await asked.Answer.Task.WaitAsync(cancellationToken);
        foreach (var piece in asked.Pieces)
            await question.OnText!(piece);
        return answer;
    }

    public override ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            _written.Append(text);
        return ValueTask.CompletedTask;
    }

    private void Release_NeedsLock()
    {
        foreach (var (count, reached) in _waiting)
        {
            if (_questions.Count >= count)
                reached.TrySetResult();
        }
    }
}
