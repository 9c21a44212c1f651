using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>What a fake answers, path by path, as measured on a real llama-server.</summary>
internal sealed class FakeEndpoints(FakeBackend backend, FakeBackendOptions options, FakeEngine engine, string marker)
{
    private const string NotFound = "File Not Found";
    private const string TooLong =
        "the request exceeds the available context size. try increasing the context size or enable context shift";

    private const string CannotRestore = "Unable to restore slot: No available space in KV cache or invalid slot save file";

    private readonly FakeFacts _facts = new(backend, options, engine, marker);
    private int _nextId;

    public FakeBackendOptions Options => options;

    private bool IsForeign => options.Slots == 0;

    /// <summary>In the query of a GET, in the body of a POST.</summary>
    private static bool NamesModel(FakeRequest request) => request.Method == "POST"
        ? request.Json["model"] is not null
        : request.Target.Contains("model=", StringComparison.Ordinal);

    public async Task HandleAsync(FakeRequest request, FakeResponse response, CancellationToken left, CancellationToken killed)
    {
        var script = request.Script;
        if (script.Gate is { } gate)
            await gate.EnterAsync(request, left, killed);
        if (script.Wire == FakeWire.CloseBeforeAnyByte)
            throw new FakeCutException(script.IsReset);
        if (script.Status is not null || script.Body is not null)
        {
            if (SlotAction(request) is (var slot, "restore"))
                await engine.OnIdleAsync(slot, Empty, left);
            await response.SendAsync(
                script.Status ?? 200, "application/json; charset=utf-8", Encoding.UTF8.GetBytes(script.Body ?? ""), left);
            return;
        }

        if (backend.IsLoading)
        {
            await ErrorAsync(response, 503, "Loading model", "unavailable_error", left);
            return;
        }

        if (options.ApiKey is { } key && request.Path is not ("/health" or "/v1/models")
            && request.Header("Authorization") != $"Bearer {key}")
        {
            await ErrorAsync(response, 401, "Invalid API Key", "authentication_error", left);
            return;
        }

        try
        {
            await RouteAsync(request, response, left, killed);
        }
        catch (JsonException e) when (!response.HasStarted)
        {
            await ErrorAsync(response, 400, $"parse error: {e.Message}", "invalid_request_error", left);
        }
    }

    private Task RouteAsync(FakeRequest request, FakeResponse response, CancellationToken left, CancellationToken killed)
    {
        switch (request.Method == "HEAD" ? "GET" : request.Method, request.Path)
        {
            case ("OPTIONS", _):
                return response.SendAsync(200, "", default, left);
            case ("GET", "/health" or "/v1/health"):
                return JsonAsync(response, new JsonObject { ["status"] = "ok" }, left);
            case ("GET", "/v1/models" or "/models") when options.OllamaModels is null:
                return JsonAsync(response, _facts.Models(), left);
            case ("GET", "/props") when !IsForeign:
                return JsonAsync(response, options.IsRouter && !NamesModel(request) ? _facts.RouterProps() : _facts.Props(), left);
            case ("GET", "/lora-adapters") when !IsForeign:
                engine.Wake();
                return JsonAsync(response, new JsonArray(), left);
            case ("GET", "/running") when options.IsLlamaSwap:
                return JsonAsync(response, _facts.Running(), left);
            case (_, "/slots") when options.IsRouter && !NamesModel(request):
                return ErrorAsync(response, 400, "model name is missing from the request", "invalid_request_error", left);
            case ("GET", "/slots") when !IsForeign:
                return options.HasSlots
                    ? JsonAsync(response, new JsonArray([.. engine.List().Select(s => (JsonNode)_facts.Row(s))]), left)
                    : ErrorAsync(
                        response, 501, "This server does not support slots endpoint. Start it with `--slots`", "not_supported_error", left);
            case ("GET", "/metrics") when !IsForeign:
                return options.Metrics is { } page
                    ? response.SendAsync(200, "text/plain; version=0.0.4", Encoding.UTF8.GetBytes(page), left)
                    : ErrorAsync(
                        response,
                        501,
                        "This server does not support metrics endpoint. Start it with `--metrics`",
                        "not_supported_error",
                        left);
            case ("POST", _) when !IsForeign && SlotAction(request) is var (slot, action):
                return SlotActionAsync(request, response, slot, action, left);
            case ("POST", "/apply-template") when !IsForeign:
                engine.Wake();
                return JsonAsync(response, new JsonObject { ["prompt"] = FakeTokens.Render(request.Json) }, left);
            case ("POST", "/tokenize") when !IsForeign:
                engine.Wake();
                return JsonAsync(response, FakeFacts.Tokenize(request.Json), left);
            case ("POST", "/completion" or "/completions") when !IsForeign:
                return CompleteAsync(FakeShape.Native, request, response, left, killed);
            case ("POST", "/v1/completions"):
                return CompleteAsync(FakeShape.Text, request, response, left, killed);
            case ("POST", "/v1/chat/completions" or "/chat/completions"):
                return CompleteAsync(FakeShape.Chat, request, response, left, killed);
            case ("POST", "/v1/responses" or "/responses"):
                return CompleteAsync(FakeShape.Responses, request, response, left, killed);
            case ("POST", "/v1/messages" or "/messages"):
                return CompleteAsync(FakeShape.Messages, request, response, left, killed);
            case ("POST", "/v1/embeddings" or "/embeddings") when !IsForeign:
                return ErrorAsync(
                    response, 501, "This server does not support embeddings. Start it with `--embeddings`", "not_supported_error", left);
            default:
                return options.OllamaModels is { } models && FakeOllama.Answer(request, models) is var (status, type, body)
                    ? response.SendAsync(status, type, Encoding.UTF8.GetBytes(body), left)
                    : ErrorAsync(response, 404, NotFound, "not_found_error", left);
        }
    }

    private async Task CompleteAsync(
        FakeShape shape, FakeRequest request, FakeResponse response, CancellationToken left, CancellationToken killed)
    {
        var body = request.Json;
        var prompts = body["prompt"] is JsonArray { Count: > 1 } list && list.All(e => e?.GetValueKind() == JsonValueKind.String)
            ? list.ToList()
            : [body["prompt"]];
        var jobs = prompts.Select(p => FakeJob.Read(shape, body, p)).OfType<FakeJob>().ToList();
        if (jobs.Count != prompts.Count)
        {
            var missing = shape is FakeShape.Chat or FakeShape.Messages ? "messages" : shape == FakeShape.Responses ? "input" : "prompt";
            await ErrorAsync(response, 400, $"'{missing}' is required", "invalid_request_error", left);
            return;
        }

        var first = jobs[0];
        if (!IsForeign && first.Choices > options.Slots)
        {
            var message = $"Field 'n': Value must be between 1 <= value <= {options.Slots}, but got {first.Choices}";
            await ErrorAsync(response, 400, message, "invalid_request_error", left);
            return;
        }

        if (jobs.Find(j => j.Prompt.Count >= options.ContextPerSlot) is { } tooLong)
        {
            await ErrorAsync(
                response, 400, TooLong, "exceed_context_size_error", left,
                ("n_prompt_tokens", tooLong.Prompt.Count), ("n_ctx", options.ContextPerSlot));
            return;
        }

        if (first.IsStream)
        {
            foreach (var job in jobs)
                await RunAsync(job, request, WriteAsync, left, killed);
            await response.EndAsync(left);
            return;
        }

        var answers = new List<FakeCompletion>();
        if (first.Pin is null && jobs.Count > 1)
        {
            answers.AddRange(await Task.WhenAll(jobs.Select(job => RunAsync(job, request, null, left, killed))));
        }
        else
        {
            foreach (var job in jobs)
                answers.Add(await RunAsync(job, request, null, left, killed));
        }

        await JsonAsync(response, answers[0].Whole(), left);

        async Task WriteAsync(string text)
        {
            if (!response.HasStarted)
                await response.StartAsync(200, "text/event-stream", left);
            await response.WriteAsync(Encoding.UTF8.GetBytes(text), left);
        }
    }

    private async Task<FakeCompletion> RunAsync(
        FakeJob job, FakeRequest request, Func<string, Task>? write, CancellationToken left, CancellationToken killed)
    {
        var answer = new FakeCompletion(
            job, options, string.Create(CultureInfo.InvariantCulture, $"fake-{Interlocked.Increment(ref _nextId)}"));
        var work = await engine.BeginAsync(job.Prompt, job.Pin, job.UseCache, job.Choices, left);
        var chunks = 0;
        try
        {
            if (work.Slot.Id >= 0)
                request.Slot = answer.Slot = work.Slot.Id;
            answer.Cached = work.Cached;
            await StepAsync();
            if (write is not null && job.WithProgress && job.Shape is FakeShape.Native or FakeShape.Chat)
            {
                await SendAsync(answer.ProgressEvent(work.Cached));
                for (var processed = work.Cached; processed < job.Prompt.Count;)
                {
                    await StepAsync();
                    processed = Math.Min(processed + options.BatchSize, job.Prompt.Count);
                    engine.Evaluate(work, processed);
                    await SendAsync(answer.ProgressEvent(processed));
                }
            }
            else
            {
                engine.Evaluate(work, job.Prompt.Count);
            }

            if (job.Probabilities > 0)
                answer.Likeliest = engine.Probabilities(work, job.Probabilities);

            // n_predict 0 samples a token too (measured), which is never evaluated.
            var count = Math.Max(1, job.Limit < 0 ? options.AnswerTokens : Math.Min(job.Limit, options.AnswerTokens));
            for (var i = 0; i < count; i++)
            {
                await StepAsync();
                var token = engine.Sample(work, answer.Generated);
                answer.Generated.Add(token);
                foreach (var opening in i == 0 ? answer.OpeningEvents() : [])
                    await SendAsync(opening);
                await SendAsync(answer.TokenEvent(token));
            }

            await StepAsync();
            engine.End(work); // a client that has read the last event finds the slot idle
            foreach (var closing in answer.ClosingEvents())
                await SendAsync(closing);
            return answer;
        }
        finally
        {
            engine.End(work, isAbandoned: left.IsCancellationRequested);
        }

        async Task StepAsync()
        {
            await backend.HoldAsync(request, chunks, left, killed);
            left.ThrowIfCancellationRequested();
        }

        Task SendAsync(string text)
        {
            chunks++;
            return write is null ? Task.CompletedTask : write(text);
        }
    }

    private async Task SlotActionAsync(FakeRequest request, FakeResponse response, int slot, string action, CancellationToken left)
    {
        if (options.IsRouter && !NamesModel(request))
        {
            await ErrorAsync(response, 400, "model name is missing from the request", "invalid_request_error", left);
            return;
        }

        if (!options.CanSave)
        {
            await ErrorAsync(
                response, 501, "This server does not support slots action. Start it with `--slot-save-path`", "not_supported_error", left);
            return;
        }

        if (action is not ("save" or "restore" or "erase"))
        {
            await ErrorAsync(response, 400, "Invalid action", "invalid_request_error", left);
            return;
        }

        var name = action == "erase" ? "" : request.Json["filename"]?.ToString();
        if (name is null)
        {
            await ErrorAsync(response, 400, "[json.exception.out_of_range.403] key 'filename' not found", "invalid_request_error", left);
            return;
        }

        if (name.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            await ErrorAsync(response, 400, "Invalid filename", "invalid_request_error", left);
            return;
        }

        var told = request.Script.Tokens;
        var answer = await engine.OnIdleAsync(slot, found => action switch
        {
            "save" => Save(slot, found, name, told),
            "restore" => Restore(slot, found, name, told),
            _ => new JsonObject { ["id_slot"] = slot, ["n_erased"] = Empty(found) },
        }, left);
        request.Slot = slot < options.Slots ? slot : null;
        if (answer is null)
            await ErrorAsync(response, 400, CannotRestore, "invalid_request_error", left);
        else
            await JsonAsync(response, answer, left);
    }

    private JsonObject? Save(int id, FakeSlot? slot, string name, int? told)
    {
        List<int> tokens = [.. (slot?.Tokens ?? []).Take(told ?? int.MaxValue)];
        var written = backend.Files.Save(name, tokens, slot?.Seed ?? 0);
        return new JsonObject
        {
            ["id_slot"] = id,
            ["filename"] = name,
            ["n_saved"] = told ?? tokens.Count,
            ["n_written"] = written,
            ["timings"] = new JsonObject { ["save_ms"] = 0.175 },
        };
    }

    /// <summary>A file that cannot be read empties the slot, as measured.</summary>
    private JsonObject? Restore(int id, FakeSlot? slot, string name, int? told)
    {
        Empty(slot);
        if (backend.Files.Load(name) is not var (tokens, seed, length) || tokens.Length > options.ContextPerSlot)
            return null;
        if (slot is not null)
            (slot.Tokens, slot.Seed) = ([.. tokens.Take(told ?? tokens.Length)], seed);
        return new JsonObject
        {
            ["id_slot"] = id,
            ["filename"] = name,
            ["n_restored"] = told ?? tokens.Length,
            ["n_read"] = length,
            ["timings"] = new JsonObject { ["restore_ms"] = 0.192 },
        };
    }

    private static int Empty(FakeSlot? slot)
    {
        var count = slot?.Tokens.Count ?? 0;
        if (slot is not null)
            slot.Tokens = [];
        return count;
    }

    private static (int Slot, string Action)? SlotAction(FakeRequest request)
    {
        if (request.Method != "POST" || !request.Path.StartsWith("/slots/", StringComparison.Ordinal))
            return null;
        if (!int.TryParse(request.Path.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out var slot))
            return null;
        var query = request.Target.Split('?', 2);
        return (slot, query.Length == 2 && query[1].StartsWith("action=", StringComparison.Ordinal) ? query[1][7..] : "");
    }

    private static Task JsonAsync(FakeResponse response, JsonNode body, CancellationToken cancellationToken) =>
        response.SendAsync(200, "application/json; charset=utf-8", FakeJson.Bytes(body), cancellationToken);

    private static Task ErrorAsync(
        FakeResponse response, int status, string message, string type, CancellationToken cancellationToken,
        params (string Name, int Value)[] more)
    {
        var error = new JsonObject { ["code"] = status, ["message"] = message, ["type"] = type };
        foreach (var (name, value) in more)
            error[name] = value;
        return response.SendAsync(
            status, "application/json; charset=utf-8", FakeJson.Bytes(new JsonObject { ["error"] = error }), cancellationToken);
    }
}
