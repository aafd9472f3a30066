// What anybody may read: help, the accessibility statement, the notice on personal data.
import { INSTITUTE_SITE, mailto } from '../contact.js';
import { html } from '../core.js';

const help = () => html`
  <h2 id="ingresar">No puedo ingresar</h2>
  <ul>
    <li>Si no te acordás de la contraseña, <a href="/recuperar">pedí una nueva</a>. El enlace que te llega vale una hora.</li>
    <li>Si todavía no activaste la cuenta, buscá el correo que te mandamos al registrarte, también en correo no deseado. Al ingresar te ofrecemos mandarte otro.</li>
    <li>Después de varios intentos fallidos hay que esperar unos minutos, aunque la contraseña sea la correcta. Recuperar la contraseña sirve siempre.</li>
  </ul>
  <h2>Vincular una empresa</h2>
  <ol>
    <li>Entrá a <a href="/comprobantes">Mis comprobantes</a> si sos cliente, o a <a href="/retenciones">Mis retenciones</a> si sos proveedor.</li>
    <li>Apretá «Vincular con Cliente/Proveedor».</li>
    <li>Elegí Cliente o Proveedor y completá el CUIT y el número de cliente o proveedor, que figura en los comprobantes del INTI.</li>
    <li>Si te pedimos un código, lo recibe el correo que la empresa tiene registrado en el INTI. Escribilo en <a href="/vincular">Pedidos de vinculación</a>.</li>
  </ol>
  <p>Si sos cliente y proveedor, con una misma cuenta te vinculás de las dos formas.</p>
  <h2>Descargar comprobantes y retenciones</h2>
  <p>En la lista de la empresa buscá por número, tipo, estado o importe, y apretá Descargar. Si un documento dice «Sin PDF», todavía no nos llegó: escribinos.</p>
  <h2>Recibí un correo que no esperaba</h2>
  <p>Cada correo dice qué pasó y qué hacer si no fuiste vos. Nunca te pedimos la contraseña por correo. Si tenés dudas, no sigas los enlaces: entrá a esta página escribiendo la dirección.</p>
  <h2>Escribinos</h2>
  <p>${mailto()}. Contanos tu nombre, la empresa y su CUIT. No mandes contraseñas ni códigos. También podés buscar otros medios de contacto en <a href=${INSTITUTE_SITE} rel="noopener">www.inti.gob.ar</a>.</p>
  <p>Si encontraste una falla de seguridad, contanos por ese mismo correo con el asunto «Seguridad».</p>`;

const accessibility = () => html`
  <p>Queremos que cualquier persona pueda usar miINTI. Trabajamos según las Pautas de Accesibilidad para el Contenido Web <strong>WCAG 2.2, nivel AA</strong>, como pide la Ley 26.653.</p>
  <h2>Qué podés hacer</h2>
  <ul>
    <li>Recorrer todo con el teclado. El primer Tab te ofrece ir directo al contenido.</li>
    <li>Usar un lector de pantalla: los títulos, los campos, los errores y los cambios se anuncian.</li>
    <li>Agrandar la página hasta 400 % o usarla en un teléfono sin desplazarte hacia los costados.</li>
    <li>Elegir colores claros u oscuros desde el menú de tu cuenta, o los de tu sistema. No usamos el color solo para informar.</li>
    <li>Pegar contraseñas y usar un gestor de contraseñas.</li>
    <li>Seguir conectado: te avisamos dos minutos antes de cerrar la sesión.</li>
  </ul>
  <h2>Qué falta</h2>
  <ul>
    <li>Los documentos PDF vienen de los sistemas de facturación y pueden no tener etiquetas para lectores de pantalla.</li>
    <li>Las pruebas automáticas no reemplazan a las personas: faltan pruebas con usuarios de lectores de pantalla.</li>
  </ul>
  <h2>Si algo no te funciona</h2>
  <p>Escribinos a ${mailto()} y contanos en qué página y con qué programa. También te mandamos tus comprobantes en otro formato si lo necesitás.</p>
  <p class="hint">Declaración preparada el 24/11/2026, a partir de una evaluación propia con herramientas automáticas y revisión manual.</p>`;

// What is kept how long: docs/operations.md has the table, tests/unit/test_pages.py compares.
const KEPT = [
  ['Tu cuenta, tus vínculos y los avisos que elegiste', 'hasta que elimines la cuenta o desvincules la empresa'],
  ['Una cuenta que no se activó', '7 días desde el último correo que le mandamos, y 14 desde el registro como mucho'],
  ['Tus sesiones, los pedidos de vinculación y la cuenta de intentos fallidos', 'hasta que terminan o vencen; se borran a los pocos días'],
  ['Los enlaces a documentos que te llegaron por correo', '30 días, o hasta que se anulan'],
  ['Qué correos te mandamos, sin sus enlaces ni códigos', '30 días; si eliminás la cuenta, los que ya salieron quedan sin tu dirección'],
  ['A quién no le llegó un correo', '90 días; si eliminás la cuenta, sin tu dirección'],
  ['Las direcciones a las que no se puede escribir, como una huella (hash) que no permite leerlas', 'hasta que alguien del INTI quita la marca'],
  ['El registro de auditoría: qué se hizo en tu cuenta, cuándo, con qué resultado y, como una huella, desde qué red', '5 años, también después de eliminar la cuenta'],
  ['Los registros técnicos de cada pedido, entre ellos la dirección IP', '365 días'],
  ['Los pedidos internos que fallaron, hasta que se revisan', '14 días'],
  ['Las copias de seguridad de las bases de datos', '35 días: durante ese tiempo lo borrado se puede recuperar'],
  ['Los comprobantes y demás documentos, que son de la empresa', 'el tiempo que el INTI guarda sus libros: diez años, según el art. 328 del Código Civil y Comercial'],
  ['Los pagos que empezaste: qué comprobantes, cuánto y qué respondió el medio de pago', 'diez años, como los comprobantes'],
  ['La marca de cada pedido de pago o de transferencia, como una huella, para que no se haga dos veces', '1 día'],
  ['Las transferencias que informaste y qué encontró el INTI', 'diez años, como los comprobantes'],
  ['Los comprobantes de transferencia que subiste', '365 días'],
  ['Las claves de pago que se mandan a una empresa, como una huella, y a qué correo', '30 días después de sus 72 horas'],
  ['Los archivos con que nos llegan los documentos', '90 días; su procesamiento, 30; el resultado, 365'],
  ['Los PDF que se rechazaron', '90 días'],
  ['Las versiones reemplazadas o borradas de esos archivos y PDF', '365 días'],
  ['Las planillas que exportás', '1 día'],
];
const privacy = () => html`
  <p>El Instituto Nacional de Tecnología Industrial (INTI) es responsable de los datos personales que usa este portal, según la <strong>Ley 25.326 de Protección de los Datos Personales</strong>.</p>
  <h2>Qué datos y para qué</h2>
  <ul>
    <li><strong>Tu nombre, apellido y correo</strong>, para identificarte, avisarte de lo que pasa en tu cuenta y saber quién ve los documentos de cada empresa.</li>
    <li><strong>Tu contraseña</strong>, que guardamos de forma que nadie pueda leerla.</li>
    <li><strong>Tus sesiones</strong>: fechas y programa con que entraste, para que puedas controlarlas y cerrarlas.</li>
    <li><strong>Las empresas que vinculás o pediste vincular</strong>, y los documentos que el INTI les emitió.</li>
    <li><strong>Los avisos por correo que elegiste</strong>: te escribimos cuando hay documentos nuevos y para recordarte pagos. Los cambiás o los dejás en <a href="/avisos">Avisos por correo</a>.</li>
    <li><strong>Los correos que te mandamos y los que no llegaron</strong>, para no escribir a direcciones que no existen o que no quieren recibirnos.</li>
    <li><strong>El registro de lo que pasa en tu cuenta y los registros técnicos</strong>, con la dirección IP desde la que entrás, para cuidar la seguridad y encontrar fallas.</li>
  </ul>
  <p>Dar tus datos es voluntario, pero sin ellos no podemos darte una cuenta. No los usamos para publicidad ni los cedemos, salvo que una ley nos obligue. La empresa que vinculás recibe un aviso con tu nombre y tu correo, y quienes ya la tenían vinculada, uno con tu nombre.</p>
  <h2>Dónde</h2>
  <p>Los datos se guardan y se procesan, cifrados, en los servidores de Amazon Web Services (AWS) en San Pablo, Brasil (región sa-east-1), que trabaja por encargo del INTI.</p>
  <h2>Cuánto tiempo</h2>
  <p>Al eliminar tu cuenta se borran tus datos, tus sesiones y tus vínculos. Quedan, el tiempo que dice cada línea, los registros, los correos ya enviados y las copias de seguridad. Los documentos son de la empresa y no se borran.</p>
  <dl class="periods">${KEPT.map(([what, period]) => html`<div><dt>${what}</dt><dd>${period}</dd></div>`)}</dl>
  <h2>Tus derechos</h2>
  <p>Podés ver, descargar y corregir tus datos, cambiar tu correo o eliminar tu cuenta en <a href="/mis-datos">Mis datos</a>: «Descargar mis datos» te da en un archivo lo que las bases de datos tienen de vos. También podés pedirlo por escrito a ${mailto()}: el acceso es gratuito una vez cada seis meses, salvo que acredites un interés legítimo, y respondemos en 10 días corridos; las correcciones, en 5 días hábiles.</p>
  <p>La AGENCIA DE ACCESO A LA INFORMACIÓN PÚBLICA, en su carácter de Órgano de Control de la Ley N° 25.326, tiene la atribución de atender las denuncias y reclamos que interpongan quienes resulten afectados en sus derechos por incumplimiento de las normas vigentes en materia de protección de datos personales.</p>
  <h2>En tu navegador</h2>
  <p>Usamos dos cookies: la que mantiene tu sesión, hasta que termina, y la que recuerda por 180 días que ya ingresaste en este equipo, para que los intentos de otros no te dejen afuera. El navegador recuerda además cuándo empezó la sesión y los colores que elegiste. No hay cookies de terceros ni mediciones.</p>`;

const PAGES = {
  '/ayuda': ['Ayuda', help],
  '/accesibilidad': ['Accesibilidad', accessibility],
  '/privacidad': ['Privacidad', privacy],
};

export default function create({ path }) {
  const [title, content] = PAGES[path];
  return { title, content: () => html`<article class="prose"><h1>${title}</h1>${content()}</article>` };
}
