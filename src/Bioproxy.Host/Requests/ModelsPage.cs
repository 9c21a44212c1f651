using System.Buffers;
using System.Text.Json;
using Bioproxy.Host.Http;
using Bioproxy.Host.Routing;

namespace Bioproxy.Host.Requests;

/// <summary><c>GET /v1/models</c> where names matter: every name that a client can use, in the form of the OpenAI API.</summary>
internal static class ModelsPage
{
    /// <summary>Lists the models that the client's key may use.</summary>
    public static async Task WriteAsync(Exchange exchange, ModelRouter router)
    {
        var to = exchange.Answer;
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("object", "list");
            writer.WriteStartArray("data");
            foreach (var name in router.Names.Where(name => ModelPermission.Allows(exchange, name, router)))
                Write(writer, name, router);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        to.StatusCode = 200;
        to.Headers.ContentType = "application/json";
        to.Headers.ContentLength = body.WrittenCount;
        await to.WriteAsync(body.WrittenMemory, to.Gone).ConfigureAwait(false);
        await to.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Nothing serves a model of this name, or nothing does as long as a proxy is not there.</summary>
    public static ProxyFailure NotFound(string? name, ModelRouter router) => router.MayBeElsewhere(name)
        ? new(FailureKind.ModelNotLoaded, $"Nothing serves the model '{name}' now: no proxy whose pool has it is there.")
        : new(
            FailureKind.ModelNotFound,
            $"There is no model '{name}'. There are: {string.Join(", ", router.Names)}. "
            + "(The names come from models, or from the backends.)");

    private static void Write(Utf8JsonWriter writer, string name, ModelRouter router)
    {
        writer.WriteStartObject();
        writer.WriteString("id", name);
        writer.WriteString("object", "model");
        writer.WriteNumber("created", 0);
        writer.WriteString("owned_by", "bioproxy");
        if (router.First(name)?.Backend.Monitor.LastFacts is { ModelMeta: not null } facts)
        {
            writer.WriteStartObject("meta");
            foreach (var (member, value) in facts.MetaMembers)
            {
                writer.WritePropertyName(member);
                writer.WriteRawValue(value, skipInputValidation: true);
            }

            if (facts.ContextPerSlot is { } context)
                writer.WriteNumber("n_ctx", context);

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
