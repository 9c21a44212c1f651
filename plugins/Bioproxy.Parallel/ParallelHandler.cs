using System.Buffers.Binary;
using System.Composition;
using System.Security.Cryptography;
using System.Text;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Parallel;

/// <summary><c>/parallel</c>: requests several answers, a limited number at a time, and merges them.</summary>
/// <remarks>
/// What differs between the variants (a seed, an instruction after the user's text) leaves the prompt prefix unchanged, so that all of
/// them, and then the judge, use the same KV cache.
/// </remarks>
[RequestHandler("parallel", Command = "parallel")]
public sealed partial class ParallelHandler : IRequestHandler
{
    private const string ChatPath = "/v1/chat/completions";

    // llama-server's greatest seed means "any".
    private const long Seeds = uint.MaxValue;

    private readonly ILogger _logger;
    private readonly ParallelSettings _settings;

    /// <summary>Reads the settings.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public ParallelHandler(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _logger = services.Logger;
        _settings = ParallelSettings.Read(services);
    }

    /// <inheritdoc/>
    /// <exception cref="BackendUnavailableException">No variant was answered.</exception>
    /// <exception cref="InvalidOperationException">The backend answered every variant with an error; the message contains its
    /// text.</exception>
    public async ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken)
    {
        if (request.Prompt.Endpoint != PromptEndpoint.Chat)
        {
            LogNoChat(request.Prompt.RequestId, request.Prompt.Endpoint);
            return false;
        }

        using var chat = ChatRequest.Read(request.Body);
        if (chat is null)
        {
            LogNoQuestion(request.Prompt.RequestId);
            return false;
        }

        var answers = await AskVariantsAsync(request, chat, cancellationToken);
        if (answers.Count == 1)
            await request.WriteAsync(answers[0], cancellationToken);
        else if (_settings.Merge == ParallelSettings.AsList || !await JudgeAsync(request, chat, answers, cancellationToken))
            await request.WriteAsync(AnswerList.Of(answers), cancellationToken);
        return true;
    }

    /// <summary>The answers received, in the order of the variants.</summary>
    private async Task<List<string>> AskVariantsAsync(RequestCall request, ChatRequest chat, CancellationToken cancellationToken)
    {
        var seed = chat.Seed ?? SeedOf(request.Prompt.RequestId);
        var variants = new Variant[_settings.Variants];
        var bound = new ParallelOptions { MaxDegreeOfParallelism = _settings.Concurrency, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(Enumerable.Range(0, variants.Length), bound, async (i, stop) =>
        {
            var body = chat.Variant((seed % Seeds + i) % Seeds, _settings.Instruction(i), _settings.Temperature);
            variants[i] = await AskAsync(request, body, stop);
        });

        var answers = variants.Select(variant => variant.Answer).OfType<string>().ToList();
        var problems = string.Join("; ", variants.Select(variant => variant.Problem).OfType<string>().Distinct());
        if (answers.Count == 0)
            throw AllFailed(variants, problems);
        if (answers.Count < variants.Length)
            LogVariantsFailed(request.Prompt.RequestId, variants.Length - answers.Count, variants.Length, problems);
        return answers;
    }

    private static Exception AllFailed(Variant[] variants, string problems)
    {
        var message = $"None of the {variants.Length} variants has an answer: {problems}";
        return variants.All(variant => variant.IsUnanswered)
            ? new BackendUnavailableException(message)
            : new InvalidOperationException(message);
    }

    private static async Task<Variant> AskAsync(RequestCall request, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await request.AskAsync(new BackendQuestion(ChatPath, body), cancellationToken);
            if (answer.Status != 200)
                return new Variant(null, BackendWords.Of(answer));
            return string.IsNullOrWhiteSpace(answer.Text) ? new Variant(null, "an answer without text") : new Variant(answer.Text, null);
        }
        catch (BackendUnavailableException e)
        {
            return new Variant(null, e.Message, IsUnanswered: true);
        }
    }

    /// <summary>Lets the judge merge the answers.</summary>
    /// <returns>False when that failed before the client got anything.</returns>
    private async Task<bool> JudgeAsync(RequestCall request, ChatRequest chat, List<string> answers, CancellationToken cancellationToken)
    {
        var hasWritten = false;
        string problem;
        try
        {
            var prompt = JudgePrompt.Fill(_settings.JudgePrompt, chat.Question, answers, _settings.MaxAnswerCharacters);
            var question = new BackendQuestion(ChatPath, chat.Judge(prompt)) { OnText = PassOnAsync };
            var answer = await request.AskAsync(question, cancellationToken);
            if (answer.Status == 200 && hasWritten)
                return true;
            problem = answer.Status == 200 ? "an answer without text" : BackendWords.Of(answer);
        }
        catch (BackendUnavailableException e) when (!hasWritten)
        {
            problem = e.Message;
        }

        if (hasWritten)
            throw new InvalidOperationException($"The merged answer broke off: {problem}");
        LogJudgeFailed(request.Prompt.RequestId, problem);
        return false;

        ValueTask PassOnAsync(string text)
        {
            hasWritten |= text.Length > 0;
            return request.WriteAsync(text, cancellationToken);
        }
    }

    // A different seed for each request, as without /parallel, but reproducible from the request id.
    private static long SeedOf(string requestId) =>
        BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(requestId)));

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Request {Request}: /parallel works for chat completions only; this one ({Endpoint}) goes its usual way")]
    private partial void LogNoChat(string request, PromptEndpoint endpoint);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Request {Request}: /parallel needs a conversation that ends with a user message; this one goes its usual way")]
    private partial void LogNoQuestion(string request);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Request {Request}: {Failed} of {Variants} variants failed, the others are merged. {Problems}")]
    private partial void LogVariantsFailed(string request, int failed, int variants, string problems);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Request {Request}: the answers could not be merged and are given as a list. {Problem}")]
    private partial void LogJudgeFailed(string request, string problem);
}
