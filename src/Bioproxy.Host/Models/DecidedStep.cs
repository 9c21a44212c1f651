namespace Bioproxy.Host.Models;

/// <summary>What a decision asks for before the prompt is forwarded.</summary>
internal enum DecidedStep
{
    /// <summary>The slot is ready, or has to be restored; the work owns it.</summary>
    Begin,

    /// <summary>What the slot holds is saved, then it is decided again.</summary>
    Save,

    /// <summary>The slot is being saved: that has to end, then it is decided again.</summary>
    Wait,

    /// <summary>What the slot holds is put into the server's RAM cache, then it is decided again.</summary>
    Stash,
}
