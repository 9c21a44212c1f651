using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Doctor;

/// <summary>What kind of server answers at a backend's address, and what to change where that is not a llama-server with a model.</summary>
internal static class ServerFindings
{
    private const string What = "backend";

    public static IEnumerable<(Finding Finding, string? Change)> Of(Measurements found)
    {
        var server = found.Server;
        var isDefault = server.Name == BackendOptions.DefaultName;
        switch (found.Backend)
        {
            case { Status: BackendStatus.Ready, Problem: { } problem }:
                yield return Bad($"{server.Url}: {problem}", $"Set {server.ApiKeyKey} to the key of llama-server --api-key.");
                break;
            case { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true, IsRouter: false } llama }:
                var slots = $"{Figures.Number(llama.TotalSlots, "slot")} of {Figures.Number(llama.ContextPerSlot, "token")}";
                var model = llama.ModelAlias ?? llama.ModelPath;
                yield return (new Finding(Verdict.Ok, What, $"llama-server {llama.Build}, model {model}, {slots}"), null);
                if (!llama.CanReadSlots)
                {
                    yield return (
                        new Finding(
                            Verdict.Slow, "slots", "not shown by the server: nothing could be measured, and no KV cache is saved"),
                        "Start llama-server without --no-slots. With --no-slots the proxy expands and queues, but saves and restores "
                        + "nothing.");
                }

                break;
            case { Status: BackendStatus.Ready, Facts: { IsSelfManaged: true } facts }:
                yield return Plain($"{server.Url} is an {(facts.IsOllama ? "Ollama" : "OpenAI-compatible")} server");
                break;
            case { Status: BackendStatus.Ready, Facts.IsRouter: true }:
                yield return Bad(
                    $"{server.Url} is a llama-server in router mode, which its kind excludes",
                    $"Set backends.{server.Name}.kind to \"router\", or leave it out.");
                break;
            case { Status: BackendStatus.Ready }:
                yield return Bad(
                    $"{server.Url} is not a llama-server (it has no /props): no KV cache is saved",
                    isDefault
                        ? "Point backend_url (--backend) at a llama-server."
                        : $"Point {server.UrlKey} at a llama-server, or set its kind to \"openai\" if it is meant to be another server.");
                break;
            case { Status: BackendStatus.Loading }:
                yield return Bad($"{server.Url} is loading its model", "Wait until llama-server has loaded its model.");
                break;
            default:
                yield return Bad(
                    $"{server.Url} is not reachable: {found.Backend.Problem ?? "no answer"}",
                    isDefault
                        ? "Start llama-server, or set backend_url (--backend) to its address."
                        : $"Start the server, or correct {server.UrlKey}.");
                break;
        }
    }

    /// <summary>It serves as well as its kind can.</summary>
    private static (Finding Finding, string? Change) Plain(string text) =>
        (new Finding(Verdict.Info, What, $"{text}: requests are expanded and queued; no KV cache is saved"), null);

    private static (Finding Finding, string? Change) Bad(string text, string change) => (new Finding(Verdict.Bad, What, text), change);
}
