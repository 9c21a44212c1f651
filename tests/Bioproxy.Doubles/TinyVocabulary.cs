using System.Globalization;

namespace Bioproxy.Doubles;

/// <summary>
/// A vocabulary in which a token is a character (printable ASCII) or a byte (everything else), plus the two role markers.
/// </summary>
internal static class TinyVocabulary
{
    public const int BeginOfSequence = 1;
    public const int EndOfSequence = 2;
    public const int FirstByte = 3;
    public const int FirstCharacter = FirstByte + 256;
    public const int TurnStart = FirstCharacter + 95;
    public const int TurnEnd = TurnStart + 1;
    public const int Count = TurnEnd + 1;

    /// <summary>ChatML: the rendering of turn one is a prefix of the rendering of turn two.</summary>
    public const string ChatTemplate =
        """
        {%- for message in messages -%}
        {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}
        {{- '<|im_start|>assistant\n' -}}
        {%- endif -%}
        """;

    // The types are llama.cpp's: 1 normal, 2 unknown, 3 control, 6 byte.
    public static void AddTo(GgufWriter writer)
    {
        var tokens = new List<string> { "<unk>", "<s>", "</s>" };
        var types = new List<int> { 2, 3, 3 };
        for (var value = 0; value < 256; value++)
        {
            tokens.Add(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"));
            types.Add(6);
        }

        for (var character = ' '; character <= '~'; character++)
        {
            tokens.Add(character == ' ' ? "\u2581" : character.ToString());
            types.Add(1);
        }

        tokens.AddRange(["<|im_start|>", "<|im_end|>"]);
        types.AddRange([3, 3]);

        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.tokens", tokens);
        writer.Add("tokenizer.ggml.scores", new float[tokens.Count]);
        writer.Add("tokenizer.ggml.token_type", types);
        writer.Add("tokenizer.ggml.bos_token_id", (uint)BeginOfSequence);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)EndOfSequence);
        writer.Add("tokenizer.ggml.eot_token_id", (uint)TurnEnd);
        writer.Add("tokenizer.ggml.unknown_token_id", 0u);
        writer.Add("tokenizer.ggml.add_bos_token", true);
        writer.Add("tokenizer.ggml.add_eos_token", false);
        writer.Add("tokenizer.ggml.add_space_prefix", false);
        writer.Add("tokenizer.chat_template", ChatTemplate);
    }

    /// <summary>
    /// Whether a model may generate this token: visible characters only, so that generated text is tokenised to the same tokens in the next
    /// turn, and an answer ends only at <c>max_tokens</c>.
    /// </summary>
    public static bool IsSpoken(long token) => token is > FirstCharacter and < TurnStart;
}
