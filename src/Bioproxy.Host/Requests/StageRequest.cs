using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>A request that plugins are about to see.</summary>
/// <param name="Exchange">The request.</param>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Body">Its body.</param>
/// <param name="Http">The client's request.</param>
internal readonly record struct StageRequest(Exchange Exchange, EditablePrompt Prompt, PooledBody Body, HttpContext Http)
{
    /// <summary>Its path; that of a translated request is llama-server's.</summary>
    public string Path { get; init; } = Http.Request.Path.Value ?? "/";

    /// <summary>Answers the request from another thread when a plugin blocks its own.</summary>
    public Func<PluginFailure, Task> AnswerBlockedAsync(FailureResponse failures, RequestReport report)
    {
        var exchange = Exchange;
        return async failure =>
        {
            exchange.Header("Connection", "close"); // the plugin holds this connection's thread, so no next request could be read
            await failures.WriteAsync(exchange, PluginStage.FailureOf(failure)).ConfigureAwait(false);
            report.Count(exchange); // the plugin may never return
        };
    }
}
