using Bioproxy.Doubles;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Admin;

/// <summary>A llama-server that has two slots, tells its facts, passes the logit probe, and does nothing else.</summary>
internal sealed class FactsBackend : IAsyncDisposable
{
    private readonly WebApplication _web;

    private FactsBackend(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.First());

    /// <summary>Whether slots can be saved.</summary>
    public bool HasSlotFolder { get; set; } = true;

    public bool IsLoading { get; set; }

    public static async Task<FactsBackend> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var backend = new FactsBackend(web);
        web.Run(backend.AnswerAsync);
        await web.StartAsync().DefaultTimeout();
        return backend;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private Task AnswerAsync(HttpContext http)
    {
        var (status, json) = http.Request.Path.Value switch
        {
            "/props" when IsLoading => (503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"""),
            "/props" => (200, """{"total_slots":2,"model_alias":"tiny","model_path":"models/tiny.gguf","model_ftype":"F16","build_info":"b1-test","default_generation_settings":{"n_ctx":8192},"media_marker":"m"}"""),
            "/v1/models" => (200, """{"data":[{"meta":{"n_params":7}}]}"""),
            "/lora-adapters" => (200, "[]"),
            "/slots" => (200, """[{"id":0,"is_processing":false,"id_task":1,"n_prompt_tokens":5},{"id":1,"is_processing":false,"id_task":2,"n_prompt_tokens":5}]"""),
            "/completion" => (200, """{"completion_probabilities":[{"top_logprobs":[{"id":1,"logprob":-0.5},{"id":2,"logprob":-1.5}]}]}"""),
            _ => (HasSlotFolder ? 400 : 501, """{"error":{"message":"no"}}"""),
        };
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json);
    }
}
