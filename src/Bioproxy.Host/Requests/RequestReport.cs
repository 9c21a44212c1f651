using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Requests;

/// <summary>Log lines, metrics, spans and the journal of requests.</summary>
internal sealed partial class RequestReport(
    ProxyMetrics metrics, RequestTracing tracing, RequestJournal journal, TimeProvider time, ILogger<RequestPath> logger)
{
    private readonly ILogger<RequestPath> _logger = logger;

    /// <summary>A request has come.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="client">The name of the client's program.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="clientGone">The client's leaving.</param>
    public ActiveRequest Begin(Exchange exchange, string client, IHeaderDictionary headers, CancellationToken clientGone)
    {
        exchange.Progress.Client = client;
        exchange.Progress.Enter(RequestStep.None, exchange.Started);
        exchange.Trace = RequestTrace.Begin(tracing, exchange, headers);
        return journal.Begin(exchange, clientGone);
    }

    /// <summary>A step of the path begins, and the one before has ended.</summary>
    public void Enters(Exchange exchange, RequestStep step)
    {
        exchange.Progress.Enter(step, time.GetTimestamp());
        exchange.Trace?.Enter(step);
    }

    /// <summary>The request has been answered. Counts it once.</summary>
    public void Count(Exchange exchange)
    {
        if (exchange.IsCounted)
            return;
        exchange.IsCounted = true;
        exchange.Trace?.Answered(time.GetUtcNow().UtcDateTime);
        metrics.Request(exchange.Route.Name, exchange.Status, time.GetElapsedTime(exchange.Started), exchange.Place);
        if (!exchange.Route.IsGated || exchange.Failure?.Kind == FailureKind.KeyUnknown)
            return; // strangers would push out everybody's
        if (journal.Ended(exchange) is { Saved: > 0, Result: { } result } record)
            metrics.SavedPrefill(record.Saved, result, exchange.Place);
    }

    public void Waited(Exchange exchange) => metrics.QueueWaited(exchange.LaneName, exchange.Waited, exchange.Place);

    public void Refused(Exchange exchange, bool isFull) => metrics.QueueRejected(isFull ? "full" : "timeout", exchange.Place);

    public void FirstByte(Exchange exchange)
    {
        Enters(exchange, RequestStep.Stream);
        exchange.Progress.FirstByte = exchange.Progress.StageBegan;
        metrics.FirstByte(exchange.Route.Name, time.GetElapsedTime(exchange.Started), exchange.Place);
    }

    /// <summary>The backend has answered.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="cacheResult">Where the prompt's prefix came from.</param>
    /// <param name="timings">The backend's figures; null when it gave none.</param>
    public void Served(Exchange exchange, string cacheResult, PromptTimings? timings)
    {
        exchange.Progress.CacheResult = cacheResult;
        metrics.CacheResult(cacheResult, exchange.Place);
        if (timings is null)
        {
            LogServedBlind(exchange.Id, exchange.Route.Name, exchange.Status, cacheResult, Milliseconds(exchange));
            return;
        }

        metrics.PromptTokens(timings.CachedTokens, timings.ComputedTokens, cacheResult, exchange.Place);
        var (cached, prompt) = (timings.CachedTokens, timings.PromptTokens);
        LogServed(exchange.Id, exchange.Route.Name, exchange.Status, cacheResult, cached, prompt, Milliseconds(exchange));
    }

    /// <summary>It is known which conversation a request belongs to, and whether it computed again what had been computed
    /// before.</summary>
    public void Explained(Exchange exchange, Explanation explanation)
    {
        exchange.Progress.Conversation = explanation.Conversation;
        if (explanation is { Conversation: { } conversation, ConversationSource: { } source })
            LogConversation(exchange.Id, exchange.Route.Name, conversation, source, explanation.Side);
        if (explanation is not { LostTokens: { } tokens, LostSeconds: { } seconds, Difference: { } difference })
            return;
        var cause = MissCauses.NameOf(difference.Cause);
        metrics.Missed(tokens, cause, exchange.Place);
        LogMissed(exchange.Id, exchange.Route.Name, tokens, seconds, cause, difference.Rule ?? "none");
    }

    /// <summary>A plugin's handler has answered.</summary>
    public void Handled(Exchange exchange, PluginHandler handler) =>
        LogHandled(exchange.Id, exchange.Route.Name, exchange.Status, handler.Name, handler.Plugin, Milliseconds(exchange));

    public void Failed(Exchange exchange, ProxyFailure failure)
    {
        if (failure.Kind == FailureKind.ClientGone)
            ClientGone(exchange, failure.Message);
        else if (failure.Kind == FailureKind.Cancelled)
            LogCancelled(exchange.Id, exchange.Route.Name, Milliseconds(exchange));
        else
            LogFailed(exchange.Id, exchange.Route.Name, failure.Status, failure.Message);
    }

    /// <summary>One place failed before its first byte, and the next one is tried.</summary>
    public void FailedOver(Exchange exchange, ServedModel from, ServedModel to, ProxyFailure? failure) =>
        LogFailedOver(
            exchange.Id, exchange.Route.Name, from.Backend.Name, failure?.Message ?? "It answered with an error.", to.Backend.Name);

    /// <summary>The model's server ended before its first byte; the request is tried again when it has been started.</summary>
    public void Restarts(Exchange exchange, ServedModel model, ProxyFailure? failure) =>
        LogRestarts(exchange.Id, exchange.Route.Name, model.Name, failure?.Message ?? "");

    public void ClientGone(Exchange exchange, string message) => LogClientGone(exchange.Id, exchange.Route.Name, message);

    public void Bug(Exchange exchange, Exception exception) => LogBug(exchange.Id, exchange.Route.Name, exception);

    private double Milliseconds(Exchange exchange) => time.GetElapsedTime(exchange.Started).TotalMilliseconds;

    [LoggerMessage(
        LogLevel.Information, "{Id} {Route} {Status} {Source}, {Cached} of {Prompt} prompt tokens reused, {Milliseconds:0} ms")]
    private partial void LogServed(string id, string route, int status, string source, int cached, int prompt, double milliseconds);

    [LoggerMessage(LogLevel.Information, "{Id} {Route} {Status} {Source}, {Milliseconds:0} ms")]
    private partial void LogServedBlind(string id, string route, int status, string source, double milliseconds);

    [LoggerMessage(
        LogLevel.Information,
        "{Id} {Route} computed about {Tokens} prompt tokens again ({Seconds:0.0} s): {Cause}; rule against it: {Rule}")]
    private partial void LogMissed(string id, string route, int tokens, double seconds, string cause, string rule);

    [LoggerMessage(LogLevel.Debug, "{Id} {Route} belongs to conversation {Conversation} by its {Source}; side request: {Side}")]
    private partial void LogConversation(string id, string route, ConversationName conversation, string source, SideKind side);

    [LoggerMessage(LogLevel.Information, "{Id} {Route} {Status} answered by {Handler} of {Plugin}, {Milliseconds:0} ms")]
    private partial void LogHandled(string id, string route, int status, string handler, string plugin, double milliseconds);

    [LoggerMessage(LogLevel.Information, "{Id} {Route} was cancelled by an operator after {Milliseconds:0} ms")]
    private partial void LogCancelled(string id, string route, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "{Id} {Route}: {Message}")]
    private partial void LogClientGone(string id, string route, string message);

    [LoggerMessage(LogLevel.Warning, "{Id} {Route} {Status}: {Message}")]
    private partial void LogFailed(string id, string route, int status, string message);

    [LoggerMessage(LogLevel.Warning, "{Id} {Route}: backend {From} failed, trying {To}. {Message}")]
    private partial void LogFailedOver(string id, string route, string from, string message, string to);

    [LoggerMessage(LogLevel.Warning, "{Id} {Route}: the server of model {Model} ended; trying again when it is back. {Message}")]
    private partial void LogRestarts(string id, string route, string model, string message);

    [LoggerMessage(LogLevel.Error, "{Id} {Route} failed because of a bug in the proxy.")]
    private partial void LogBug(string id, string route, Exception exception);
}
